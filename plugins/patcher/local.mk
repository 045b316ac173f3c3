# patcher

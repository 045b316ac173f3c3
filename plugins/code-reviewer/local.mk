# code-reviewer

# What is installed below $(pkgdatadir): workflows to use and to learn from.
workflowdir = $(pkgdatadir)/workflows
dist_workflow_DATA = conf/workflows/review.flow

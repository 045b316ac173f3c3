# compliance-checker

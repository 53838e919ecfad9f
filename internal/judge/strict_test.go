package judge

// BeStrict makes Save look for values that share memory.
func (j *Judge) BeStrict() { j.strict = true }

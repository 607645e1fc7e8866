package cli

// Hint is a hint as the tests of the documentation see it.
type Hint struct{ Key, What, Why, Next string }

// Hints returns every hint.
func Hints() []Hint {
	var all []Hint
	for key, h := range hints {
		all = append(all, Hint{key, h.what, h.why, h.next})
	}
	return all
}

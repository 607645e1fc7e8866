package cli

// Hint is a hint as the tests of the documentation see it.
type Hint struct{ Key, What, Why, Next string }

// Hints returns every hint.
func Hints() []Hint {
	var all []Hint
	for _, table := range []map[string]hint{stravaHints(), runHints(), commandHints(), storeHints(), inputHints()} {
		for key, h := range table {
			if _, found := findHint(key); found { // one that cannot be found is no hint
				all = append(all, Hint{key, h.what, h.why, h.next})
			}
		}
	}
	return all
}

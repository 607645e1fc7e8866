package cli

import "strings"

// hint is what a user reads about one thing that went wrong: what happened,
// why, and the one next step. {words} in braces are filled in.
type hint struct{ what, why, next string }

// hints is the whole mapping from what can go wrong to words, by the area that a
// key begins with. Each row stands under Troubleshooting in the README, too, under
// the text of its what. They are made when one is needed: most runs need none.
var hints = map[string]func() map[string]hint{
	"strava": stravaHints, "stale": stravaHints,
	"run":   runHints,
	"store": storeHints, "branch": storeHints,
	"doctor": commandHints, "login": commandHints, "recover": commandHints,
	"refresh": commandHints, "exec": commandHints, "usage": commandHints,
	"input": inputHints,
}

func findHint(key string) (h hint, found bool) {
	area, _, _ := strings.Cut(key, "/")
	if table := hints[area]; table != nil {
		h, found = table()[key]
	}
	return h, found
}

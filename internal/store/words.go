package store

import (
	"slices"

	"strava-token/internal/words"
)

// Note returns the words for a target that could not be read or written.
func (e *Error) Note() words.Note {
	area := "target-"
	if e.Target.IsBranch() && slices.Contains([]Kind{IntegrationForbidden, Conflict, Overtaken, Unprocessable}, e.Kind) {
		area = "branch-" // which means something else of a branch
	}
	scope := e.Target.scope()
	return words.Note{ID: area + string(e.Kind), Page: e.signOn, Blanks: words.Blanks{
		"says": e.Says, "new-name": e.NewName, "branch": e.Target.Branch,
		"target": e.Target, "name": e.Name, "path": e.Target.Path, "lock": e.Name + ".lock",
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "rule": e.Rule, "system": words.System{Err: e.cause},
		"permission": scope.permission, "token-page": e.Target.TokenPage(), "settings": words.Page(scope.settings),
	}}
}

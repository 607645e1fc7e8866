package store

import (
	"strings"

	"strava-token/internal/words"
)

// Note returns the words for a target that could not be read or written.
func (e *Error) Note() words.Note {
	need := needOf(e.Target)
	area := "target-"
	if strings.HasPrefix(e.Target, "branch:") && (e.Kind == IntegrationForbidden || e.Kind == Conflict || e.Kind == Overtaken) {
		area = "branch-" // which means something else of a branch
	}
	return words.Note{ID: area + string(e.Kind), Blanks: words.Blanks{
		"target": e.Target, "name": e.Name, "path": strings.TrimPrefix(e.Target, "file:"), "lock": e.Name + ".lock",
		"host": e.Host, "status": e.Status, "until": words.Clock(e.Until), "rule": e.Rule, "system": words.System{Err: e.cause},
		"permission": need.permission, "parameter": need.parameter, "settings": words.Page(need.settings),
	}}
}

// need is what a fine-grained token needs to write a target, in words and as the
// page that makes one takes it, and the page with what stores the token.
type need struct{ permission, parameter, settings string }

func needOf(target string) need {
	if strings.HasPrefix(target, "branch:") || strings.HasPrefix(target, "file:") {
		return need{permission: "Contents: read and write", parameter: "contents=write"}
	}
	if rest, ok := strings.CutPrefix(target, "org:"); ok {
		org, _, _ := strings.Cut(rest, "/")
		return need{
			"the organization permission Secrets: read and write", "organization_secrets=write",
			"organizations/" + org + "/settings/secrets/actions",
		}
	}
	place, _, inEnvironment := strings.Cut(target, "@")
	settings := place[:max(strings.LastIndex(place, "/"), 0)] + "/settings/"
	if inEnvironment {
		return need{"Environments: read and write", "environments=write", settings + "environments"}
	}
	return need{"Secrets: read and write", "secrets=write", settings + "secrets/actions"}
}

// Note returns the words for a target that was not understood. What was written is
// not told: it may be a secret in the wrong place. Who read it knows better.
func (e *TargetError) Note() words.Note {
	return words.Note{ID: "input-" + string(e.Kind), Blanks: words.Blanks{"input": words.Input("rotate-to"), "detail": ""}}
}

package cli

import (
	"errors"
	"strconv"
	"strings"

	"strava-token/internal/action"
	"strava-token/internal/provider"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// explain turns an error into words. It is the one place that does.
func explain(err error) []action.Message {
	var inputs *action.InputError
	if errors.As(err, &inputs) {
		messages := make([]action.Message, len(inputs.Problems))
		for i, p := range inputs.Problems {
			messages[i] = fill("input/"+string(p.Fault), "input", p.Input, "detail", quoted(p.Detail))
		}
		return messages
	}
	return []action.Message{explainOne(err)}
}

func explainOne(err error) action.Message {
	if m, ok := explainRun(err); ok {
		return m
	}
	var s *strava.Error
	if errors.As(err, &s) {
		return fill("strava/"+string(s.Kind), "host", s.Host,
			"status", strconv.Itoa(s.Status), "until", s.Until.UTC().Format("15:04 UTC"))
	}
	var g *store.Error
	if errors.As(err, &g) {
		until := ""
		if !g.Until.IsZero() {
			until = ", at " + g.Until.UTC().Format("15:04 UTC")
		}
		return fill("store/"+string(g.Kind), "target", g.Target, "name", g.Name, "host", g.Host,
			"status", strconv.Itoa(g.Status), "until-github", until, "permission", permission(g.Target))
	}
	// Errors of the system, such as a file that cannot be written, hold no
	// secret: everything that could passes through a type above.
	return fill("run/internal", "cause", err.Error()+".")
}

// explainRun explains the errors of a run as a whole.
func explainRun(err error) (action.Message, bool) {
	switch e := err.(type) {
	case *provider.NotKeptError:
		kept := ""
		if len(e.Kept) > 0 {
			kept = " It is safe in " + strings.Join(e.Kept, ", ") + "."
		}
		return fill("run/not-kept", "target", e.Target, "cause", cause(e.Err), "kept", kept), true
	case *provider.NoTargetError:
		if !e.Sealed {
			return fill("run/no-target-unsealed"), true
		}
		return fill("run/no-target"), true
	case *provider.NotSealedError:
		return fill("run/not-sealed"), true
	case *provider.CancelledError:
		if e.Spent {
			return fill("run/cancelled-late"), true
		}
		return fill("run/cancelled"), true
	case *provider.ScopeError:
		return fill("run/scope", "scopes", strings.Join(e.Missing, ", ")), true
	case *provider.ScopeUncheckedError:
		return fill("run/scope-unchecked", "scopes", strings.Join(e.Scopes, ", ")), true
	case *provider.WrongAthleteError:
		return fill("run/wrong-athlete", "want", id(e.Want), "got", id(e.Got)), true
	case *provider.AthleteUncheckedError:
		return fill("run/athlete-unchecked", "want", id(e.Want), "cause", probeCause(e.Err)), true
	case *provider.UnverifiedError:
		return fill("run/unverified", "cause", probeCause(e.Err)), true
	case *provider.TokenExpiresError:
		return fill("run/token-expires", "target", e.Target, "when", e.When.UTC().Format("2 January 2006")), true
	case *provider.StaleError:
		updated := ""
		if e.Target != "" && !e.Updated.IsZero() {
			updated = " (" + e.Target + " on " + e.Updated.UTC().Format("2 January, 15:04 UTC") + ")"
		}
		return fill("stale/"+string(e.Reason), "target", e.Target, "updated", updated), true
	}
	switch {
	case errors.Is(err, provider.ErrNotMasked):
		return fill("run/not-masked"), true
	case errors.Is(err, action.ErrUnexportable):
		return fill("run/unexportable"), true
	}
	return action.Message{}, false
}

// cause is what an inner error says happened, and why.
func cause(err error) string {
	m := explainOne(err)
	return m.What + " " + m.Why
}

// probeCause says why the API gave no clear answer. Nothing was at stake there,
// so it is one sentence.
func probeCause(err error) string {
	var e *strava.Error
	switch {
	case !errors.As(err, &e):
		return "There was no access token to ask with."
	case e.Kind == strava.RateLimited:
		return "Strava's rate limit is used up."
	case e.Status == 0:
		return e.Host + " did not answer."
	}
	return "Strava answered with status " + strconv.Itoa(e.Status) + "."
}

// names are how the credentials are called in a workflow.
var names = []string{
	"{client-id}", "client-id",
	"{client-secret}", "client-secret",
	"{refresh-token}", "refresh-token",
}

// fill takes a hint and fills in its words, given as pairs.
func fill(key string, pairs ...string) action.Message {
	h, ok := hints[key]
	if !ok {
		h = hints["run/internal"]
		pairs = append(pairs, "cause", "no words for "+key+".")
	}
	replace := append([]string{}, names...)
	for i := 0; i+1 < len(pairs); i += 2 {
		replace = append(replace, "{"+pairs[i]+"}", pairs[i+1])
	}
	r := strings.NewReplacer(replace...)
	return action.Message{What: r.Replace(h.what), Why: r.Replace(sentence(h.why)), Next: r.Replace(h.next)}
}

// sentence begins with a capital.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func quoted(detail string) string {
	if detail == "" {
		return ""
	}
	return " (" + strconv.Quote(detail) + ")"
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// permission names what a fine-grained token needs to write a target.
func permission(target string) string {
	switch {
	case strings.HasPrefix(target, "org:"):
		return "the organization permission Secrets: read and write"
	case strings.Contains(target, "@"):
		return "Environments: read and write"
	}
	return "Secrets: read and write"
}

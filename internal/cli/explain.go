package cli

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"strava-token/internal/action"
	"strava-token/internal/doctor"
	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/recovery"
	"strava-token/internal/store"
	"strava-token/internal/strava"
)

// explain turns an error into words. It is the one place that does.
func (n names) explain(err error) []action.Message {
	var inputs *action.InputError
	if errors.As(err, &inputs) {
		messages := make([]action.Message, len(inputs.Problems))
		for i, p := range inputs.Problems {
			messages[i] = n.fill("input/"+string(p.Fault), "input", p.Input, "place", n.place(p.Input), "detail", quoted(p.Detail),
				"how-to-get", n.howToGet(p.Input))
		}
		return messages
	}
	return []action.Message{n.explainOne(err)}
}

func (n names) explainOne(err error) action.Message {
	if m, ok := n.explainRun(err); ok {
		return m
	}
	var s *strava.Error
	if errors.As(err, &s) {
		return n.fill("strava/"+string(s.Kind), "host", s.Host,
			"status", strconv.Itoa(s.Status), "until", s.Until.UTC().Format("15:04 UTC"))
	}
	var g *store.Error
	if errors.As(err, &g) {
		until := ""
		if !g.Until.IsZero() {
			until = ", at " + g.Until.UTC().Format("15:04 UTC")
		}
		key := "store/" + string(g.Kind)
		if _, special := findHint("branch/" + string(g.Kind)); special && strings.HasPrefix(g.Target, "branch:") {
			key = "branch/" + string(g.Kind)
		}
		return n.fill(key, "target", g.Target, "name", g.Name, "host", g.Host, "rule", g.Rule, "system", systemCause(g.Unwrap()), "lock", g.Name+".lock",
			"status", strconv.Itoa(g.Status), "until-github", until, "permission", permission(g.Target))
	}
	// Errors of the system, such as a file that cannot be written, hold no
	// secret: everything that could passes through a type above.
	return n.fill("run/internal", "cause", err.Error()+".")
}

// explainRun explains the errors of a run as a whole.
func (n names) explainRun(err error) (action.Message, bool) {
	switch e := err.(type) {
	case *provider.NotKeptError:
		kept := ""
		if len(e.Kept) > 0 {
			kept = " It is safe in " + strings.Join(e.Kept, ", ") + "."
		}
		if e.Held != "" {
			return n.fill("run/not-kept-yet", "target", e.Target, "cause", n.cause(e.Err), "held", e.Held), true
		}
		if !e.Sealed {
			return n.fill("run/not-kept-unsealed", "target", e.Target, "cause", n.cause(e.Err), "kept", kept), true
		}
		return n.fill("run/not-kept", "target", e.Target, "cause", n.cause(e.Err), "kept", kept, "recover-to", recoverTo(e.Target)), true
	case *provider.NoTargetError:
		if e.HandedOver && e.Sealed {
			return n.fill("run/handed-over-sealed"), true
		}
		if e.HandedOver {
			return n.fill("run/handed-over"), true
		}
		if !e.Sealed {
			return n.fill("run/no-target-unsealed"), true
		}
		return n.fill("run/no-target"), true
	case *provider.NoCandidateError:
		if e.Target == "" {
			return n.fill("input/missing", "input", n["refresh-token"], "how-to-get", n.howToGet(n["refresh-token"])), true
		}
		return n.fill("run/no-candidate", "target", e.Target), true
	case *tooShortError:
		return n.fill("refresh/too-short", "left", action.InWords(e.left), "wanted", action.InWords(e.wanted),
			"renewed", e.renewed.UTC().Format("15:04 UTC")), true
	case *provider.NotSealedError:
		return n.fill("run/not-sealed"), true
	case *provider.CancelledError:
		if e.Spent {
			return n.fill("run/cancelled-late"), true
		}
		if e.Refused {
			return n.fill("run/cancelled-refused"), true
		}
		return n.fill("run/cancelled"), true
	case *provider.ScopeError:
		missing, all := strings.Join(e.Missing, ", "), strings.Join(e.Wanted, ",")
		if e.Left != "" {
			return n.fill("run/scope-of-the-input", "scopes", missing, "all", all, "target", e.Left), true
		}
		return n.fill("run/scope", "scopes", missing, "all", all), true
	case *provider.ScopeUncheckedError:
		return n.fill("run/scope-unchecked", "scopes", strings.Join(e.Scopes, ", ")), true
	case *provider.WrongAthleteError:
		switch {
		case e.Unspent:
			return n.fill("run/wrong-holder", "target", e.Holder, "want", id(e.Want), "got", id(e.Got)), true
		case e.Holder != "":
			sealed := ""
			if e.Replaced && e.Sealed {
				sealed = " Strava replaced the refresh token that was passed; the new one is in the recovery text alone."
			}
			return n.fill("run/holder-of-another", "target", e.Holder, "want", id(e.Want), "got", id(e.Got), "sealed", sealed), true
		}
		if e.Replaced && e.Sealed {
			return n.fill("run/wrong-athlete-sealed", "want", id(e.Want), "got", id(e.Got)), true
		}
		return n.fill("run/wrong-athlete", "want", id(e.Want), "got", id(e.Got)), true
	case *provider.AthleteUncheckedError:
		return n.fill("run/athlete-unchecked", "want", id(e.Want), "cause", probeCause(e.Err)), true
	case *provider.UnverifiedError:
		return n.fill("run/unverified", "cause", probeCause(e.Err)), true
	case *provider.TokenExpiresError:
		return n.fill("run/token-expires", "target", e.Target, "when", e.When.UTC().Format("2 January 2006")), true
	case *doctor.ShadowedError:
		return n.fill("doctor/shadowed", "target", e.Target, "by", strings.Join(e.By, ", ")), true
	case *doctor.UnprovenWriteError:
		return n.fill("doctor/unproven-write", "target", e.Target), true
	case *doctor.ShadowsUnknownError:
		return n.fill("doctor/shadows-unknown", "target", e.Target), true
	case *doctor.AppUncheckedError:
		return n.fill("doctor/app-unchecked", "cause", probeCause(e.Err)), true
	case *doctor.NotTriedError:
		if e.NoTarget {
			return n.fill("doctor/no-target"), true
		}
		return n.fill("doctor/not-tried"), true
	case *provider.StaleError:
		updated := ""
		if e.Target != "" && !e.Updated.IsZero() {
			updated = " (" + e.Target + " on " + e.Updated.UTC().Format("2 January, 15:04 UTC") + ")"
		}
		elsewhere, copied := "", ", or by whoever uses a copy of that file"
		if strings.HasPrefix(e.Target, "branch:") {
			elsewhere, copied = ", or for a newer state in the history of the branch", ""
		}
		return n.fill("stale/"+string(e.Reason), "target", e.Target, "updated", updated, "elsewhere", elsewhere, "copy", copied), true
	}
	var denied *login.DeniedError
	switch {
	case errors.As(err, &denied):
		return n.fill("login/denied"), true
	case errors.Is(err, login.ErrNobodyCame):
		return n.fill("login/nobody-came"), true
	case errors.Is(err, login.ErrWrongState):
		return n.fill("login/wrong-state"), true
	case errors.Is(err, login.ErrNoCode):
		return n.fill("login/no-code"), true
	case err == context.Canceled: // bare: a call that was cut off says so itself
		return n.fill("run/cancelled"), true
	case errors.Is(err, provider.ErrNotMasked):
		return n.fill("run/not-masked"), true
	case errors.Is(err, recovery.ErrWrongSecret):
		return n.fill("recover/wrong-secret"), true
	case errors.Is(err, recovery.ErrNotOurs):
		return n.fill("recover/not-ours"), true
	case errors.Is(err, action.ErrUnexportable):
		return n.fill("run/unexportable"), true
	}
	return action.Message{}, false
}

// recoverTo is how recover is told to put a refresh token where it was meant to
// go; what is no target is printed.
func recoverTo(target string) string {
	if strings.HasPrefix(target, "branch:") {
		return "--repo OWNER/REPO --rotate-to " + shellQuote(target)
	}
	if _, err := store.Parse(target, ""); err != nil {
		return "--print"
	}
	return "--rotate-to " + shellQuote(target)
}

// cause is what an inner error says happened, and why.
func (n names) cause(err error) string {
	m := n.explainOne(err)
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

// names are how inputs are called: in a workflow as action.yml does, in a shell
// by their environment variables and flags.
type names map[string]string

var (
	workflowNames = names{
		"where-it-may-be-missing": "; the secret that it reads may not exist there",
		"client-id":               "client-id", "client-secret": "client-secret", "refresh-token": "refresh-token",
		"github-token": "github-token", "rotate-to": "rotate-to",
		"client-secret-place": "the secret that client-secret reads",
		"refresh-token-place": "the secret that refresh-token reads",
		"github-token-place":  "the secret that github-token reads",
		"expected-athlete":    "expected-athlete",
		"authorize-scope":     "authorize the app again with scope", "authorize-into": "authorize the app again with rotate-to",
		"how-to-get-any":    "put the value into {place}; a secret is added under Settings, Secrets and variables, Actions, and one of an environment needs environment: in the job",
		"repository-source": "GITHUB_REPOSITORY", "repository-how": "owner/repo/NAME",
		"rotate-to-example": "rotate-to: STRAVA_REFRESH_TOKEN, without ${{ }}",
		"kept-where":        "The secret", "kept-target": "the name of the secret",
	}
	shellNames = names{
		"where-it-may-be-missing": "",
		"authorize-scope":         "run strava-token login --scope", "authorize-into": "run strava-token login --rotate-to",
		"how-to-get-any":                  "set it",
		"how-to-get STRAVA_CLIENT_ID":     "copy it from https://www.strava.com/settings/api (a file without export is read with set -a)",
		"how-to-get STRAVA_CLIENT_SECRET": "copy it from https://www.strava.com/settings/api (a file without export is read with set -a)",
		"how-to-get STRAVA_REFRESH_TOKEN": "add --rotate-to TARGET if a file or a branch keeps it, or get one with strava-token login",
		"how-to-get GH_TOKEN":             "set it to a fine-grained personal access token that may write the target, from https://github.com/settings/personal-access-tokens/new",
		"how-to-get --rotate-to":          "write the target, or leave the flag out",
		"client-id":                       "STRAVA_CLIENT_ID", "client-secret": "STRAVA_CLIENT_SECRET", "refresh-token": "STRAVA_REFRESH_TOKEN",
		"github-token": "GH_TOKEN", "rotate-to": "--rotate-to",
		"client-secret-place": "STRAVA_CLIENT_SECRET",
		"refresh-token-place": "STRAVA_REFRESH_TOKEN",
		"github-token-place":  "GH_TOKEN",
		"expected-athlete":    "--expected-athlete",
		"repository-source":   "--repo or GITHUB_REPOSITORY", "repository-how": "--repo owner/name",
		"rotate-to-example": "--rotate-to owner/repo/STRAVA_REFRESH_TOKEN",
		"kept-where":        "Whatever STRAVA_REFRESH_TOKEN is set from", "kept-target": "a target that keeps it, as in file:/var/lib/strava/token",
	}
)

// place is where the value of an input belongs.
func (n names) place(input string) string {
	if place, ok := n[input+"-place"]; ok {
		return place
	}
	return input
}

// howToGet says where the value of an input comes from.
func (n names) howToGet(input string) string {
	if how, ok := n["how-to-get "+input]; ok {
		return how
	}
	return strings.ReplaceAll(n["how-to-get-any"], "{place}", n.place(input))
}

// fill takes a hint and fills in its words, given as pairs.
func (n names) fill(key string, pairs ...string) action.Message {
	h, ok := findHint(key)
	if !ok {
		h, _ = findHint("run/internal")
		pairs = append(pairs, "cause", "no words for "+key+".")
	}
	replace := make([]string, 0, 2*len(n)+len(pairs))
	for name, called := range n {
		replace = append(replace, "{"+name+"}", called)
	}
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

// systemCause is what the system said about a file.
func systemCause(err error) string {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	if err == nil {
		return "no reason"
	}
	return err.Error()
}

// permission names what a fine-grained token needs to write a target.
func permission(target string) string {
	switch {
	case strings.HasPrefix(target, "branch:"):
		return "Contents: read and write"
	case strings.HasPrefix(target, "org:"):
		return "the organization permission Secrets: read and write"
	case strings.Contains(target, "@"):
		return "Environments: read and write"
	}
	return "Secrets: read and write"
}

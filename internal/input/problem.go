package input

import (
	"errors"
	"maps"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// Fault says what is wrong with an input. Its text is the message's id without
// the "input-" in front. The faults of a credential are secret's flaws, those of
// a target store's.
type Fault string

// The faults that this package finds.
const (
	FaultNotAClientID    Fault = "not-a-client-id"
	FaultNotAnAthleteID  Fault = "not-an-athlete-id"
	FaultSecretAsID      Fault = "secret-as-id"
	FaultNotABoolean     Fault = "not-a-boolean"
	FaultDoubledTarget   Fault = "doubled-target"
	FaultUnknownLanguage Fault = "unknown-language"
	FaultUnknownScope    Fault = "unknown-scope"
	FaultInsecureAddress Fault = "insecure-address"
	FaultPath            Fault = "path"
	FaultWrongState      Fault = "wrong-state"
	FaultNoCode          Fault = "no-code"
	FaultDenied          Fault = "denied"
	FaultUnticked        Fault = "unticked"
	FaultFileInAction    Fault = "file-in-action" // it would vanish with the container
	FaultNotOnGitHub     Fault = "not-on-github"  // Gitea and Forgejo have no such targets
	FaultTwoStores       Fault = "two-stores"     // which is newer could not be told
	FaultCodeBranch      Fault = "code-branch"    // the file would be committed among the code
	FaultUnwritable      Fault = "unwritable"     // a file of the runner's
	FaultFork            Fault = "fork"           // secrets are empty in a fork's run
	FaultDependabot      Fault = "dependabot"     // and in Dependabot's
)

// Problem is one thing that is wrong with what a command was told.
type Problem struct {
	ID     string
	Input  string // its name, as in action.yml
	Detail string // what was written, if it can be shown
	Blanks words.Blanks
}

// Misuse is a command that was not told what it takes.
func Misuse(id string, blanks words.Blanks) error {
	return &Error{Problems: []Problem{{ID: id, Blanks: blanks}}}
}

// Wrong is an input that can't be used.
func Wrong(name string, fault Fault) error {
	return &Error{Problems: []Problem{problem(name, fault, "")}}
}

func problem(name string, fault Fault, detail string) Problem {
	id := "input-" + string(fault)
	if fault == Fault(secret.Missing) {
		id += "-" + name // where a value comes from differs
	}
	p := Problem{ID: id, Input: name, Detail: detail}
	if fault == FaultNotAClientID {
		p.Blanks = words.Blanks{"character": detail}
	}
	return p
}

func (p Problem) Error() string { return p.Input + ": " + p.ID }

// Note is the problem's message.
func (p Problem) Note() words.Note {
	blanks := words.Blanks{"input": words.Input(p.Input), "place": words.Place(p.Input), "detail": p.Detail}
	maps.Copy(blanks, p.Blanks)
	return words.Note{ID: p.ID, Blanks: blanks}
}

// Unwritable is a file of the runner's that outputs cannot be written to.
func Unwritable(variable string) Problem {
	return problem(variable, FaultUnwritable, "")
}

// Error is everything that is wrong with what a command was told. Nothing was
// sent anywhere.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Error()
	}
	return "input: " + strings.Join(texts, ", ")
}

// Unwrap returns the problems.
func (e *Error) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}

// Status is what a command ends with.
func (e *Error) Status() provider.Status { return provider.BadInput }

func targetFault(err error) Fault {
	var t *store.TargetError
	if errors.As(err, &t) {
		return Fault(t.Kind)
	}
	return Fault(store.UnknownTarget)
}

// isMissing reports whether the problem is an input that has nothing in it.
func (p Problem) isMissing() bool { return strings.HasPrefix(p.ID, "input-missing-") }

package input

import (
	"maps"
	"strings"

	"strava-token/internal/provider"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

// Fault says what is wrong with an input. The message's id is "input-" and the Fault,
// and for a missing input also its name. A credential's faults are secret's flaws, and
// a target's are store's.
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
	FaultTwoStores       Fault = "two-stores"     // nothing says which is newer
	FaultCodeBranch      Fault = "code-branch"    // the file would be committed among the code
	FaultUnwritable      Fault = "unwritable"     // a runner file
	FaultFork            Fault = "fork"           // secrets are empty in a fork's run
	FaultDependabot      Fault = "dependabot"     // and in Dependabot's
)

// Problem is one thing that is wrong with a command's inputs.
type Problem struct {
	ID     string
	Input  string // its name, as in action.yml
	Detail string // what was written, if it can be shown
	Blanks words.Blanks
}

// Misuse returns the error for a command line that can't be run as written.
func Misuse(id string, blanks words.Blanks) error {
	return &Error{Problems: []Problem{{ID: id, Blanks: blanks}}}
}

// Wrong returns the error for one unusable input.
func Wrong(name string, fault Fault) error {
	return &Error{Problems: []Problem{problem(name, fault, "")}}
}

func problem(name string, fault Fault, detail string) Problem {
	id := "input-" + string(fault)
	if fault == Fault(secret.Missing) {
		id += "-" + name // each has its own message, since each comes from elsewhere
	}
	p := Problem{ID: id, Input: name, Detail: detail}
	if fault == FaultNotAClientID {
		p.Blanks = words.Blanks{"character": detail}
	}
	return p
}

func (p Problem) Error() string { return p.Input + ": " + p.ID }

// Note returns the problem's message.
func (p Problem) Note() words.Note {
	blanks := words.Blanks{"input": words.Input(p.Input), "place": words.Place(p.Input), "detail": p.Detail}
	maps.Copy(blanks, p.Blanks)
	return words.Note{ID: p.ID, Blanks: blanks}
}

// Unwritable returns the problem of a runner file that can't be written.
func Unwritable(variable string) Problem {
	return problem(variable, FaultUnwritable, "")
}

// Error reports everything that is wrong with a command's inputs. Nothing was sent
// anywhere.
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

// Status returns the exit status of the command.
func (e *Error) Status() provider.Status { return provider.BadInput }

// isMissing reports whether the problem is an empty input.
func (p Problem) isMissing() bool { return strings.HasPrefix(p.ID, "input-missing-") }

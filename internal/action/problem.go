package action

import (
	"errors"
	"fmt"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// Fault says what is wrong with an input. Its text is stable: the words that
// users read are kept under it.
type Fault string

// The faults. Those of a credential are package secret's flaws, those of a
// target package store's.
const (
	FaultMissingClientID Fault = "missing-client-id" // a variable, and not a secret
	FaultNotANumber      Fault = "not-a-number"
	FaultSecretAsID      Fault = "secret-as-id"
	FaultNotABoolean     Fault = "not-a-boolean"
	FaultDoubledTarget   Fault = "doubled-target"
	FaultUnknownScope    Fault = "unknown-scope"
	FaultInsecureAddress Fault = "insecure-address"
	FaultUnwritable      Fault = "unwritable"
	FaultCredential      Fault = "credential"
	FaultPath            Fault = "path"
	FaultWrongState      Fault = "wrong-state"
	FaultNoCode          Fault = "no-code"
	FaultDenied          Fault = "denied"
	FaultUnticked        Fault = "unticked"
	FaultFileInAction    Fault = "file-in-action" // it would vanish with the container
	FaultTwoStores       Fault = "two-stores"     // which is newer could not be told
	FaultCodeBranch      Fault = "code-branch"    // the file would be committed among the code
	FaultFork            Fault = "fork"           // secrets are empty in a fork's run
	FaultDependabot      Fault = "dependabot"     // and in Dependabot's
)

// Problem is one input that cannot be used.
type Problem struct {
	Input  string
	Fault  Fault
	Detail string // what was written, where it can be shown
}

// InputError holds everything that is wrong with the inputs. Nothing was sent
// anywhere.
type InputError struct{ Problems []Problem }

func (e *InputError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = fmt.Sprintf("%s: %s", p.Input, p.Fault)
	}
	return "input: " + strings.Join(texts, ", ")
}

func targetFault(err error) Fault {
	var t *store.TargetError
	if errors.As(err, &t) {
		return Fault(t.Kind)
	}
	return Fault(store.UnknownTarget)
}

// withoutSecrets returns the problems, with the one cause named where secrets
// are missing because GitHub hands none to this run.
func (r *reader) withoutSecrets() []Problem {
	cause := r.edge.secretless()
	if cause == "" {
		return r.problems
	}
	var kept []Problem
	var missing []string
	for _, p := range r.problems {
		if p.Fault == Fault(secret.Missing) || p.Fault == FaultMissingClientID {
			missing = append(missing, p.Input)
			continue
		}
		kept = append(kept, p)
	}
	if len(missing) == 0 {
		return r.problems
	}
	return append([]Problem{{Input: strings.Join(missing, ", "), Fault: cause}}, kept...)
}

package provider

import (
	"errors"

	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/words"
)

// Note returns the words for a target without the new refresh token.
func (e *NotKeptError) Note() words.Note {
	b := words.Blanks{"target": e.Target, "cause": e.Err, "kept": e.Kept, "held": e.Held, "destination": "", "branch": "", "printed": ""}
	switch {
	case e.Held != "":
		return words.Note{ID: "run-not-kept-yet", Blanks: b}
	case !e.Sealed:
		return words.Note{ID: "run-not-kept-unsealed", Blanks: b}
	}
	destination(b, e.Target)
	return words.Note{ID: "run-not-kept", Blanks: b}
}

// destination fills in the one of three blanks that says how target is written.
func destination(b words.Blanks, target string) {
	switch t, known := parsed(target); {
	case !known: // standard output
		b["printed"] = target
	case t.IsBranch():
		b["branch"] = target
	default:
		b["destination"] = target
	}
}

// parsed returns the target that has this name, or false if none has. A name that
// was written out needs no repository, but for a branch, which is always of this one.
func parsed(name string) (t store.Target, known bool) {
	t, err := store.Parse(name, "owner/repo")
	return t, err == nil
}

// Note returns the words for a new refresh token without a place.
func (e *NoTargetError) Note() words.Note {
	switch {
	case e.HandedOver && e.Sealed:
		return words.Note{ID: "run-handed-over-sealed"}
	case e.HandedOver:
		return words.Note{ID: "run-handed-over"}
	case e.Sealed:
		return words.Note{ID: "run-no-target"}
	}
	return words.Note{ID: "run-no-target-unsealed"}
}

// Note returns the words for a run without a refresh token.
func (e *NoCandidateError) Note() words.Note {
	switch {
	case e.Target != "":
		return words.Note{ID: "run-no-candidate", Blanks: words.Blanks{"target": e.Target}}
	case e.Existing != "":
		return words.Note{ID: "run-empty-refresh-token", Blanks: words.Blanks{"target": e.Existing}}
	}
	return words.Note{ID: "input-missing-refresh-token"}
}

// Note returns the words for a recovery text that could not be made.
func (e *NotSealedError) Note() words.Note { return words.Note{ID: "run-not-sealed"} }

// Note returns the words for an answer that could not be read.
func (e *UnreadError) Note() words.Note {
	if !e.Sealed {
		return words.Note{ID: "run-unread-unsealed"}
	}
	b := words.Blanks{"destination": "", "branch": "", "printed": ""}
	destination(b, append(e.Targets, "TARGET")[0])
	return words.Note{ID: "run-unread", Blanks: b}
}

// Note returns the words for an answer with odd parts.
func (e *OddAnswerError) Note() words.Note {
	return words.Note{ID: "run-odd-answer", Blanks: words.Blanks{"fields": e.Fields}}
}

// Note returns the words for a run that was cancelled.
func (e *CancelledError) Note() words.Note {
	switch {
	case e.Spent:
		return words.Note{ID: "run-cancelled-late"}
	case e.Refused:
		return words.Note{ID: "run-cancelled-refused"}
	}
	return words.Note{ID: "run-cancelled"}
}

// Note returns the words for a scope that the token lacks.
func (e *ScopeError) Note() words.Note {
	id := "run-scope"
	if e.Left != "" {
		id = "run-scope-of-the-input"
	}
	return words.Note{ID: id, Blanks: words.Blanks{"scopes": e.Missing, "target": e.Left}}
}

// Note returns the words for a scope that nothing could tell of.
func (e *ScopeUncheckedError) Note() words.Note {
	return words.Note{ID: "run-scope-unchecked", Blanks: words.Blanks{"scopes": e.Scopes}}
}

// Note returns the words for a token of another athlete.
func (e *WrongAthleteError) Note() words.Note {
	id := "run-wrong-athlete"
	switch {
	case e.Unspent:
		id = "run-wrong-holder"
	case e.Replaced && !e.Sealed:
		id = "run-wrong-athlete-lost"
	case e.Holder != "" && e.Replaced:
		id = "run-holder-of-another-sealed"
	case e.Holder != "":
		id = "run-holder-of-another"
	case e.Replaced:
		id = "run-wrong-athlete-sealed"
	}
	return words.Note{ID: id, Blanks: words.Blanks{"target": e.Holder, "want": e.Want, "got": e.Got}}
}

// Note returns the words for an athlete who could not be checked.
func (e *AthleteUncheckedError) Note() words.Note {
	return words.Note{ID: "run-athlete-unchecked", Blanks: words.Blanks{"want": e.Want, "cause": ProbeCause(e.Err)}}
}

// Note returns the words for a proof without a clear answer.
func (e *UnverifiedError) Note() words.Note {
	return words.Note{ID: "run-unverified", Blanks: words.Blanks{"cause": ProbeCause(e.Err)}}
}

// ProbeCause is the blank for why Strava gave no clear answer to a question. Its
// own message says more than that, of a refresh token that was not at stake.
func ProbeCause(err error) any {
	var e *strava.Error
	if !errors.As(err, &e) {
		return words.Sentence("log-no-access-token")
	}
	return words.Short{Err: e}
}

// Note returns the words for a GitHub token that soon ends.
func (e *TokenExpiresError) Note() words.Note {
	return words.Note{ID: "run-token-expires", Blanks: words.Blanks{"target": e.Target, "when": words.Day(e.When)}}
}

// Note returns the words for a refresh token that Strava refused.
func (e *StaleError) Note() words.Note {
	b := words.Blanks{"target": e.Target, "updated": words.Moment(e.Updated), "branch": "", "file": "", "seen": e.Seen}
	if e.Target == "" {
		b["updated"] = ""
	}
	switch t, _ := parsed(e.Target); {
	case t.IsBranch():
		b["branch"] = e.Target
	case t.IsFile():
		b["file"] = e.Target
	}
	return words.Note{ID: "stale-" + string(e.Reason), Blanks: b}
}

package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

// Record is what a target stores. A secret stores only the refresh token.
type Record struct {
	RefreshToken secret.Value
	AthleteID    int64    // 0 if unknown
	Scope        []string // what the token may do; nil if unknown
	// Input is the refresh token that the caller was configured with. A readable
	// target remembers that it saw it; an empty one adds nothing.
	Input secret.Value
}

// Held is what a readable target holds; without a refresh token, nothing yet.
type Held struct {
	Record
	seen []string // fingerprints of inputs, the latest one last
	app  App
}

// remembered is how many inputs a readable target remembers: a re-run of an older
// run brings an older input, and that must not pass for a new login.
const remembered = 8

// Saw reports whether the target was used with input before. An input that it
// never saw was stored since, by somebody who logged in again.
func (h Held) Saw(input secret.Value) bool { return slices.Contains(h.seen, h.app.fingerprint(input)) }

// App is the app whose refresh tokens a readable target keeps.
type App struct {
	ClientID     string
	ClientSecret secret.Value
}

// fingerprint returns a hash of input that says nothing without the client secret.
func (a App) fingerprint(input secret.Value) string {
	h := hmac.New(sha256.New, []byte(a.ClientSecret.Reveal()))
	_, _ = h.Write([]byte("strava-token input\x00" + input.Reveal()))
	return hex.EncodeToString(h.Sum(nil))
}

// A document is the text in which a readable target keeps a refresh token: some
// plain words for people who find it, and a sealed part.
const (
	documentMark    = "strava-token refresh token, version "
	documentVersion = "1"
	documentIntro   = documentMark + documentVersion + `

This file keeps a Strava refresh token, sealed with age under the client secret
of the Strava app. It may be public: without the client secret nobody can open
it. strava-token replaces it whenever Strava issues a new one; do not edit it.

To look inside, with the client secret as passphrase:
  sed -n '/^-----BEGIN/,$p' FILE | age --decrypt

`
	armorMark = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// place is what a document is bound to, so that a copy from elsewhere is refused.
type place struct {
	Purpose      string `json:"purpose"`                 // which kind of target
	Target       string `json:"target,omitempty"`        // as written in rotate-to; for a file only its name
	RepositoryID int64  `json:"repository_id,omitempty"` // numeric; 0 for a file, or if it isn't known yet
}

type sealedPart struct {
	Version string `json:"version"`
	place
	ClientID     string   `json:"client_id"`
	AthleteID    int64    `json:"athlete_id,omitempty"`
	Scope        []string `json:"scope,omitempty"`
	Seen         []string `json:"seen,omitempty"`
	RefreshToken string   `json:"refresh_token"`
}

// readable is a target that can be read back.
type readable struct {
	// MayReplace lets Check pass a document that can't be opened here: somebody who
	// just logged in has a better one.
	MayReplace bool

	place place
	held  Held
}

// Held returns what was last read or written.
func (r *readable) Held() Held { return r.held }

func (r *readable) facts(exists bool, updated time.Time) Facts {
	return Facts{
		Exists: exists, UpdatedAt: updated, Held: !r.held.RefreshToken.Empty(), AthleteID: r.held.AthleteID,
		Local: r.place.Purpose == "file", WriteProven: true,
	}
}

// compose returns what the target will hold once add is stored, and the text to write.
func (r *readable) compose(add Record) (next Held, text string, err error) {
	next = Held{add, r.held.seen, r.held.app}
	if latest := next.app.fingerprint(add.Input); !add.Input.Empty() {
		others := slices.DeleteFunc(slices.Clone(next.seen), func(s string) bool { return s == latest })
		next.seen = append(others[max(0, len(others)-remembered+1):], latest)
	}
	plain, _ := json.Marshal(sealedPart{ // can't fail: it has only strings and numbers
		Version: documentVersion, place: r.place, ClientID: next.app.ClientID, AthleteID: next.AthleteID, Scope: next.Scope,
		Seen: next.seen, RefreshToken: next.RefreshToken.Reveal(),
	})
	text, err = sealed.Seal(plain, next.app.ClientSecret)
	return next, documentIntro + text, err
}

// open takes what a document holds, or returns the id of why it can't be used. If
// MayReplace is set, one of ours that can't be opened here counts as empty.
func (r *readable) open(text string) string {
	part, fault := r.unseal(text)
	switch {
	case fault == "":
		r.held = Held{Record{RefreshToken: secret.New(part.RefreshToken), AthleteID: part.AthleteID, Scope: part.Scope}, part.Seen, r.held.app}
	case fault == "target-not-ours", fault == "target-newer-version", !r.MayReplace:
		return fault
	default:
		r.held = Held{app: r.held.app}
	}
	return ""
}

// unseal opens the sealed part of a document, or returns the id of what's wrong with it.
func (r *readable) unseal(text string) (part sealedPart, fault string) {
	// A Windows checkout, or an editor, may have changed the line ends.
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	version, ours := strings.CutPrefix(text, documentMark)
	version, _, _ = strings.Cut(version, "\n")
	_, armored, found := strings.Cut(text, armorMark)
	switch {
	case !ours:
		return part, "target-not-ours"
	case version != documentVersion:
		return part, "target-newer-version"
	case !found:
		return part, "target-damaged"
	}
	plain, err := sealed.Open(armorMark+armored, r.held.app.ClientSecret)
	switch {
	case errors.Is(err, sealed.ErrWrongSecret):
		return part, "target-other-secret"
	case err != nil, json.Unmarshal(plain, &part) != nil:
		return part, "target-damaged"
	case part.Version != documentVersion:
		return part, "target-newer-version" // the first line isn't sealed
	case secret.Inspect(part.RefreshToken) != "":
		return part, "target-damaged"
	case part.ClientID != r.held.app.ClientID:
		return part, "target-other-app"
	case part.Purpose == r.place.Purpose && part.RepositoryID != r.place.RepositoryID: // a file has none
		return part, "target-other-repository"
	case part.place != r.place:
		return part, "target-other-place" // another branch, athlete, name or kind of target
	}
	return part, ""
}

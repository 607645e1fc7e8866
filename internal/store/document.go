package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

// A document is the text in which a readable target keeps a refresh token: some
// plain words for whoever finds it, and a sealed part.
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

// place is what a document is bound to, so that a copy from elsewhere is
// refused.
type place struct {
	Purpose      string // which kind of target
	Target       string // as written in rotate-to, but of a file the name alone
	RepositoryID int64  // numeric; 0 for a file
}

// sealedPart is the sealed part of a document.
type sealedPart struct {
	Version      string   `json:"version"`
	Purpose      string   `json:"purpose"`
	ClientID     string   `json:"client_id"`
	AthleteID    int64    `json:"athlete_id,omitempty"`
	Scope        []string `json:"scope,omitempty"`
	Target       string   `json:"target,omitempty"`
	RepositoryID int64    `json:"repository_id,omitempty"`
	Seen         []string `json:"seen,omitempty"`
	RefreshToken string   `json:"refresh_token"`
}

// compose writes r as a document. What before remembers stays if r does not
// say otherwise.
func (a App) compose(at place, r Record, before Held) (string, error) {
	plain, err := json.Marshal(sealedPart{
		Version: documentVersion, Purpose: at.Purpose,
		ClientID: a.ClientID, AthleteID: r.AthleteID, Scope: r.Scope,
		Target: at.Target, RepositoryID: at.RepositoryID,
		Seen: before.seenAfter(r), RefreshToken: r.RefreshToken.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	text, err := sealed.Seal(plain, a.ClientSecret)
	if err != nil {
		return "", err
	}
	return documentIntro + text, nil
}

// read opens a document, or says why it cannot be used.
func (a App) read(at place, text string) (Held, Kind) {
	// A Windows checkout, or an editor, may have changed the line ends.
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	version, ours := strings.CutPrefix(text, documentMark)
	version, _, _ = strings.Cut(version, "\n")
	_, armored, found := strings.Cut(text, armorMark)
	switch {
	case !ours:
		return Held{}, NotOurs
	case version != documentVersion:
		return Held{}, NewerVersion
	case !found:
		return Held{}, Damaged
	}
	plain, err := sealed.Open(armorMark+armored, a.ClientSecret)
	if errors.Is(err, sealed.ErrWrongSecret) {
		return Held{}, OtherSecret
	}
	if err != nil {
		return Held{}, Damaged
	}
	var b sealedPart
	switch {
	case json.Unmarshal(plain, &b) == nil && b.Version != documentVersion:
		return Held{}, NewerVersion // the first line is not sealed
	case json.Unmarshal(plain, &b) != nil || secret.Inspect(b.RefreshToken) != "":
		return Held{}, Damaged
	case b.ClientID != a.ClientID:
		return Held{}, OtherApp
	case b.Purpose != at.Purpose: // before the repository, which a file has none of
		return Held{}, OtherPlace
	case b.RepositoryID != at.RepositoryID:
		return Held{}, OtherRepository
	case b.Target != at.Target:
		return Held{}, OtherPlace
	}
	return Held{RefreshToken: secret.New(b.RefreshToken), AthleteID: b.AthleteID, Scope: b.Scope, seen: b.Seen, app: a}, ""
}

// replaceable reports whether a document that cannot be used may be replaced by
// somebody who just logged in: it is one of ours, and nobody here can open it.
func replaceable(k Kind) bool {
	return k == OtherSecret || k == OtherApp || k == OtherRepository || k == OtherPlace || k == Damaged
}

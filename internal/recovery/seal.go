// Package recovery seals a refresh token that could not be kept, so that it
// can be printed where everybody may read it, and opens it again for whoever
// holds the client secret.
//
// The format is age with a passphrase, so that the standard age tool opens it
// too.
package recovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"strava-token/internal/secret"
)

const (
	version = 1
	purpose = "strava-token recovery"
	// workFactor is low, since the passphrase is Strava's client secret, whose
	// 160 random bits no stretching improves: 2^10 takes 3 ms and 5 MiB, age's
	// default of 2^18 a second and half a gigabyte. It is the maximum when
	// opening, too, or a hostile text could ask for gigabytes.
	workFactor = 10
	// minPassphrase keeps a client secret that is no secret from sealing.
	minPassphrase = 32
	// maxAttempts bounds the search for a text that holds no masked value. A
	// mask of three characters is hit by about one text in five hundred.
	maxAttempts = 100
)

// ErrWeakSecret is returned for a client secret too short to seal with.
var ErrWeakSecret = fmt.Errorf("client secret has fewer than %d characters", minPassphrase)

// Content is what is sealed: the refresh token, and what it belongs to. The
// access token is never in it.
type Content struct {
	ClientID     string
	AthleteID    int64    // 0 where unknown
	Targets      []string // where it should have been kept
	RepositoryID int64    // numeric; 0 where unknown
	RefreshToken secret.Value
}

// sealed is Content as it is written inside the box.
type sealed struct {
	Version      int      `json:"version"`
	Purpose      string   `json:"purpose"`
	ClientID     string   `json:"client_id"`
	AthleteID    int64    `json:"athlete_id,omitempty"`
	Targets      []string `json:"targets,omitempty"`
	RepositoryID int64    `json:"repository_id,omitempty"`
	RefreshToken string   `json:"refresh_token"`
}

// Seal returns c as an armored age text under clientSecret. As far as that is
// possible none of masked occurs in it, since the runner would replace it by
// *** and spoil the text.
func Seal(c Content, clientSecret secret.Value, masked []secret.Value) (string, error) {
	if len(clientSecret.Reveal()) < minPassphrase {
		return "", ErrWeakSecret
	}
	plain, err := json.Marshal(sealed{
		Version: version, Purpose: purpose,
		ClientID: c.ClientID, AthleteID: c.AthleteID,
		Targets: c.Targets, RepositoryID: c.RepositoryID,
		RefreshToken: c.RefreshToken.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	for attempt := 1; ; attempt++ {
		text, err := encrypt(plain, clientSecret)
		if err != nil {
			return "", err
		}
		// A value of two or three characters may stand in the part of the text
		// that never changes. A text that the log spoils is better than none.
		if !holdsAny(text, masked) || attempt == maxAttempts {
			return text, nil
		}
	}
}

func encrypt(plain []byte, passphrase secret.Value) (string, error) {
	recipient, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	recipient.SetWorkFactor(workFactor)
	var text bytes.Buffer
	armored := armor.NewWriter(&text)
	box, err := age.Encrypt(armored, recipient)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if _, err := io.Copy(box, bytes.NewReader(plain)); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if err := errors.Join(box.Close(), armored.Close()); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return text.String(), nil
}

func holdsAny(text string, masked []secret.Value) bool {
	for _, m := range masked {
		if !m.Empty() && strings.Contains(text, m.Reveal()) {
			return true
		}
	}
	return false
}

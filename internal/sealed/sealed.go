// Package sealed encrypts a text so that anyone may see it, but only the holder of
// the client secret can open it.
//
// The format is age with a passphrase, so the standard age tool opens it as well.
package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"strava-token/internal/secret"
)

const (
	// workFactor is low, since the passphrase is Strava's client secret, and
	// stretching can't improve its 160 random bits: 2^10 takes 3 ms and 5 MiB, age's
	// default of 2^18 a second and half a gigabyte. It's also the maximum when
	// opening: a hostile text could ask for gigabytes.
	workFactor = 10
	// minPassphrase refuses to seal under a client secret that is too short to be one.
	minPassphrase = 32
	// MaxText limits one sealed text, in bytes; a real one has less than two kilobytes.
	MaxText = 64 << 10
)

var (
	ErrWeakSecret  = fmt.Errorf("client secret has fewer than %d characters", minPassphrase)
	ErrWrongSecret = errors.New("sealed under another client secret")
)

// Usable returns ErrWeakSecret if a client secret is too short to seal with.
func Usable(clientSecret secret.Value) error {
	if len(clientSecret.Reveal()) < minPassphrase {
		return ErrWeakSecret
	}
	return nil
}

// Seal returns plain as an armored age text, sealed under clientSecret.
func Seal(plain []byte, clientSecret secret.Value) (string, error) {
	if err := Usable(clientSecret); err != nil {
		return "", err
	}
	recipient, err := age.NewScryptRecipient(clientSecret.Reveal())
	if err != nil {
		return "", err
	}
	recipient.SetWorkFactor(workFactor)
	var text bytes.Buffer
	armored := armor.NewWriter(&text)
	box, err := age.Encrypt(armored, recipient)
	if err != nil {
		return "", err
	}
	_, err = box.Write(plain)
	err = errors.Join(err, box.Close(), armored.Close())
	return text.String(), err
}

// Open opens an armored text. An error that doesn't wrap ErrWrongSecret means that the
// text is damaged.
func Open(text string, clientSecret secret.Value) ([]byte, error) {
	identity, err := age.NewScryptIdentity(clientSecret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	identity.SetMaxWorkFactor(workFactor)
	box, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), identity)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(box, MaxText))
}

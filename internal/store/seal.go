package store

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/go-github/v60/github"
	"golang.org/x/crypto/nacl/box"

	"strava-token/internal/secret"
)

const keySize = 32

var errNoKey = errors.New("the answer holds no key")

// sealingKey is the public key that GitHub hands out for one place.
type sealingKey struct {
	id    string
	bytes *[keySize]byte
}

// parseKey refuses anything but exactly 32 bytes: a short key that is padded
// with zeros seals for nobody.
func parseKey(k *github.PublicKey) (sealingKey, error) {
	if k.GetKeyID() == "" || k.GetKey() == "" {
		return sealingKey{}, errNoKey
	}
	raw, err := base64.StdEncoding.DecodeString(k.GetKey())
	if err != nil {
		return sealingKey{}, fmt.Errorf("decode public key: %w", err)
	}
	if len(raw) != keySize {
		return sealingKey{}, fmt.Errorf("public key has %d bytes, want %d", len(raw), keySize)
	}
	return sealingKey{id: k.GetKeyID(), bytes: (*[keySize]byte)(raw)}, nil
}

// seal returns a libsodium sealed box of v, in base64, as GitHub's secrets API
// takes it.
func (k sealingKey) seal(v secret.Value) (string, error) {
	if k.bytes == nil {
		return "", errNoKey
	}
	sealed, err := box.SealAnonymous(nil, []byte(v.Reveal()), k.bytes, rand.Reader)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

package store

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/google/go-github/v60/github"
	"golang.org/x/crypto/nacl/box"

	"strava-token/internal/secret"
)

const keySize = 32

// decodeKey refuses anything but exactly 32 bytes: a short key that is padded with
// zeros seals for nobody.
func decodeKey(k *github.PublicKey) (*[keySize]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(k.GetKey())
	if err != nil {
		return nil, fmt.Errorf("decode public key: %w", err)
	}
	if len(raw) != keySize || k.GetKeyID() == "" {
		return nil, fmt.Errorf("public key has %d bytes, want %d and an id", len(raw), keySize)
	}
	return (*[keySize]byte)(raw), nil
}

// seal returns a libsodium sealed box of v, in base64, as GitHub's secrets API
// takes it.
func seal(k *github.PublicKey, v secret.Value) (string, error) {
	key, err := decodeKey(k)
	if err != nil {
		return "", err
	}
	sealed, err := box.SealAnonymous(nil, []byte(v.Reveal()), key, rand.Reader)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

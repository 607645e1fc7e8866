package main

import (
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends the image of a layout to a registry and returns its reference by
// digest. REGISTRY_USER and REGISTRY_TOKEN, if they are set, are the credentials.
// It then looks at the image as a user's runner does, without any.
func push(dir, reference string) ([]byte, error) {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return nil, err
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	digest := manifest.Manifests[0].Digest // image put one in
	image, err := index.ImageIndex(digest)
	if err != nil {
		return nil, err
	}
	credentials := authn.FromConfig(authn.AuthConfig{Username: os.Getenv("REGISTRY_USER"), Password: os.Getenv("REGISTRY_TOKEN")})
	if err := remote.WriteIndex(tag, image, remote.WithAuth(credentials)); err != nil {
		return nil, fmt.Errorf("push %s: %w", tag, err)
	}
	pushed := tag.Digest(digest.String())
	if _, err := remote.Get(pushed); err != nil {
		return nil, fmt.Errorf("%s cannot be pulled by everyone: make the package public in its settings, and run this again: %w", pushed, err)
	}
	return []byte(pushed.String() + "\n"), nil
}

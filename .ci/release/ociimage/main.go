// Ociimage makes the image of a release as an OCI layout, and pushes it. No
// container engine is involved: three files on an empty root need none, and no
// engine promises the same bytes twice. What it makes depends on its arguments
// and on the Go release that builds it, on nothing else.
//
// The image is what the Dockerfile describes: the same files (and the licences,
// which only what is handed on needs), the same entry point, no user and no
// working directory.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

const usage = `usage: ociimage make VERSION ROOTS NOTICES AMD64 ARM64 OUT
       ociimage push LAYOUT REPOSITORY:TAG`

func main() {
	var printed string
	err := errors.New(usage)
	switch args := os.Args[1:]; {
	case len(args) == 7 && args[0] == "make":
		printed, err = write(args[1], args[2], args[3], map[string]string{"amd64": args[4], "arm64": args[5]}, args[6])
	case len(args) == 3 && args[0] == "push":
		printed, err = push(args[1], args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
	fmt.Println(printed)
}

// push sends the only image of a layout to a registry and returns its reference
// by digest. REGISTRY_USER and REGISTRY_TOKEN, if they are set, are the
// credentials. It then looks at the image as a user's runner does, without any.
func push(dir, reference string) (string, error) {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return "", err
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return "", err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return "", err
	}
	if len(manifest.Manifests) != 1 {
		return "", fmt.Errorf("%s holds %d images, want one", dir, len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	image, err := index.ImageIndex(digest)
	if err != nil {
		return "", err
	}
	auth := authn.Anonymous
	if token := os.Getenv("REGISTRY_TOKEN"); token != "" {
		auth = authn.FromConfig(authn.AuthConfig{Username: os.Getenv("REGISTRY_USER"), Password: token})
	}
	if err := remote.WriteIndex(tag, image, remote.WithAuth(auth)); err != nil {
		return "", fmt.Errorf("push %s: %w", tag, err)
	}
	pushed := tag.Digest(digest.String())
	if _, err := remote.Get(pushed); err != nil {
		return "", fmt.Errorf("%s cannot be pulled by everyone: make the package public in its settings, and run this again: %w", pushed, err)
	}
	return pushed.String(), nil
}

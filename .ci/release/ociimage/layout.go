package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// The media types and fields of the OCI image specification 1.1.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type imageIndex struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Manifests     []descriptor      `json:"manifests"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type imageConfig struct {
	Created      time.Time `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       execution `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
}

type execution struct {
	Entrypoint []string
	Labels     map[string]string
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

func about(version string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "strava-token",
		"org.opencontainers.image.description": "A fresh Strava access token for every run, and a refresh token that does not get lost",
		"org.opencontainers.image.licenses":    "MIT",
		"org.opencontainers.image.version":     version,
	}
}

// addManifest makes the image of one architecture.
func addManifest(l *layout, version, architecture string, layers []layer) (descriptor, error) {
	c := imageConfig{
		Created:      epoch,
		Architecture: architecture,
		OS:           "linux",
		Config:       execution{Entrypoint: []string{"/strava-token"}, Labels: about(version)},
		RootFS:       rootFS{Type: "layers"},
	}
	m := manifest{SchemaVersion: 2, MediaType: typeManifest, Annotations: about(version)}
	for _, one := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, one.diffID)
		m.Layers = append(m.Layers, one.descriptor)
	}
	var err error
	if m.Config, err = l.addJSON(typeConfig, c); err != nil {
		return descriptor{}, err
	}
	d, err := l.addJSON(typeManifest, m)
	d.Platform = &platform{Architecture: architecture, OS: "linux"}
	return d, err
}

// layout is a folder in the OCI image layout.
type layout struct{ dir string }

func newLayout(dir string) (*layout, error) {
	if dir == "" {
		return nil, errors.New("-out names no folder")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	return &layout{dir}, os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755)
}

func (l *layout) add(mediaType string, content []byte) (descriptor, error) {
	d := descriptor{MediaType: mediaType, Digest: digestOf(content), Size: len(content)}
	return d, os.WriteFile(filepath.Join(l.dir, "blobs", "sha256", hexOf(d.Digest)), content, 0o644)
}

// addJSON relies on encoding/json writing fields in their order and maps sorted.
func (l *layout) addJSON(mediaType string, value any) (descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return l.add(mediaType, content)
}

// finish names the image in the layout's own index.
func (l *layout) finish(image descriptor, version string) error {
	image.Annotations = map[string]string{"org.opencontainers.image.ref.name": version}
	content, err := json.Marshal(imageIndex{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{image}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(l.dir, "index.json"), content, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"strings"
	"time"
)

// epoch is the time of every file and of the image itself: a real one would
// differ from build to build. It is the earliest that a zip archive can hold,
// so that every part of a release shows the same.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

type layer struct {
	descriptor
	diffID string // the digest before compression, which a config lists
}

// addLayer makes a layer of one file, and of the folders that lead to it.
func addLayer(l *layout, source, name string, mode int64) (layer, error) {
	content, err := os.ReadFile(source)
	if err != nil {
		return layer{}, err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, folder := range folders(name) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: folder, Mode: 0o755, ModTime: epoch, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return layer{}, err
		}
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: mode, ModTime: epoch, Format: tar.FormatUSTAR}
	if err := w.WriteHeader(header); err != nil {
		return layer{}, err
	}
	if _, err := w.Write(content); err != nil {
		return layer{}, err
	}
	if err := w.Close(); err != nil {
		return layer{}, err
	}

	var compressed bytes.Buffer
	z, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return layer{}, err
	}
	if _, err := z.Write(archive.Bytes()); err != nil {
		return layer{}, err
	}
	if err := z.Close(); err != nil {
		return layer{}, err
	}
	blob, err := l.add(typeLayer, compressed.Bytes())
	return layer{descriptor: blob, diffID: digestOf(archive.Bytes())}, err
}

// folders lists the folders above a file, the outermost first.
func folders(name string) []string {
	var list []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		list = append([]string{dir + "/"}, list...)
	}
	return list
}

// checkMachine refuses a program for another architecture than its image is
// for: nothing on this machine would notice.
func checkMachine(p program) error {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	file, err := elf.Open(p.path)
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	machine := file.Machine
	if err := file.Close(); err != nil {
		return err
	}
	if machine != machines[p.architecture] {
		return fmt.Errorf("%s is for %s, not for %s", p.path, machine, p.architecture)
	}
	return nil
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

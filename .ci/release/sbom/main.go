// Sbom prints the bill of materials of a Go program as CycloneDX JSON, from
// what the linker recorded in it: the modules that are really inside, and the
// Go release whose standard library they were linked with. It states no time
// and no serial number, so that two builds of a commit agree.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
)

type document struct {
	Format      string `json:"bomFormat"`
	SpecVersion string `json:"specVersion"`
	Version     int    `json:"version"`
	Metadata    struct {
		Component component `json:"component"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: sbom VERSION PROGRAM")
	}
	if err := describe(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func describe(version, path string) error {
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(program)
	d := document{Format: "CycloneDX", SpecVersion: "1.6", Version: 1}
	d.Metadata.Component = component{
		Type: "application", Ref: "strava-token", Name: "strava-token", Version: version,
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
	}
	for _, setting := range info.Settings {
		if setting.Key == "GOOS" || setting.Key == "GOARCH" {
			d.Metadata.Component.Properties = append(d.Metadata.Component.Properties,
				property{"build:" + setting.Key, setting.Value})
		}
	}
	standard := library("std", strings.TrimPrefix(info.GoVersion, "go"))
	d.Components = append(d.Components, standard)
	for _, module := range info.Deps {
		if module.Replace != nil {
			return fmt.Errorf("%s is replaced, which a release does not do", module.Path)
		}
		c := library(module.Path, module.Version)
		// The h1: of go.sum is a hash over hashes, for which CycloneDX has no name.
		c.Properties = []property{{"go:sum", module.Sum}}
		d.Components = append(d.Components, c)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(d)
}

func library(path, version string) component {
	// A + (as in v1.2.3+incompatible) has a meaning of its own in an address.
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
}

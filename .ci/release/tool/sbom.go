package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// object is one of CycloneDX; its members are printed in the order of their names.
type object = map[string]any

// sbom returns the bill of materials of a Go program as CycloneDX JSON, from what
// the linker recorded in it: the modules that are really inside, and the Go release
// whose standard library they were linked with. It states no time and no serial
// number, so that two builds of a commit agree.
func sbom(version, path string) ([]byte, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var system []object
	for _, setting := range info.Settings {
		if setting.Key == "GOOS" || setting.Key == "GOARCH" {
			system = append(system, object{"name": "build:" + setting.Key, "value": setting.Value})
		}
	}
	components := []object{library("std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, module := range info.Deps {
		if module.Replace != nil {
			return nil, fmt.Errorf("%s is replaced, which a release does not do", module.Path)
		}
		c := library(module.Path, module.Version)
		// The h1: of go.sum is a hash over hashes, for which CycloneDX has no name.
		c["properties"] = []object{{"name": "go:sum", "value": module.Sum}}
		components = append(components, c)
	}
	return json.MarshalIndent(object{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components,
		"metadata": object{"component": object{
			"type": "application", "bom-ref": "strava-token", "name": "strava-token", "version": version, "properties": system,
			"hashes": []object{{"alg": "SHA-256", "content": fmt.Sprintf("%x", sha256.Sum256(program))}},
		}},
	}, "", "  ")
}

func library(path, version string) object {
	// A + (as in v1.2.3+incompatible) has a meaning of its own in an address.
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return object{"type": "library", "bom-ref": purl, "name": path, "version": version, "purl": purl}
}

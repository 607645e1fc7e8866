// Package contract holds what the client asks of GitHub, and what the sandbox
// answers in its place, against the description of the API that GitHub publishes.
// It is a module of its own, so that the validator stays out of the program's.
package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// paths are what the client may call. The description has a thousand more, which
// would cost seconds.
var paths = []string{
	"/repos/{owner}/{repo}",
	"/repos/{owner}/{repo}/actions/runs/{run_id}",
	"/repos/{owner}/{repo}/actions/secrets/public-key",
	"/repos/{owner}/{repo}/actions/secrets/{secret_name}",
	"/repos/{owner}/{repo}/branches/{branch}",
	"/repos/{owner}/{repo}/commits",
	"/repos/{owner}/{repo}/contents/{path}",
	"/repos/{owner}/{repo}/environments",
	"/repos/{owner}/{repo}/environments/{environment_name}/secrets/public-key",
	"/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}",
	"/repos/{owner}/{repo}/git/blobs",
	"/repos/{owner}/{repo}/git/commits",
	"/repos/{owner}/{repo}/git/refs",
	"/repos/{owner}/{repo}/git/trees",
	"/repos/{owner}/{repo}/rules/branches/{branch}",
	"/orgs/{org}/actions/secrets/public-key",
	"/orgs/{org}/actions/secrets/{secret_name}",
	"/orgs/{org}/actions/secrets/{secret_name}/repositories",
}

// commonError is the shape of an answer whose status is not described.
const commonError = "basic-error"

// load reads the description and keeps what the paths need of it.
func load(file string) (*openapi3.T, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	kept := map[string]any{}
	for _, path := range paths {
		item, ok := whole["paths"].(map[string]any)[path]
		if !ok {
			return nil, fmt.Errorf("%s has no %s", file, path)
		}
		kept[path] = item
	}
	small := map[string]any{"openapi": whole["openapi"], "info": whole["info"], "paths": kept}
	components := map[string]any{}
	small["components"] = components
	copyNeeded(kept, whole, components)
	copyNeeded(map[string]any{"$ref": "#/components/schemas/" + commonError}, whole, components)
	text, err = json.Marshal(small)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
}

// copyNeeded copies the components that value refers to, and those that they need.
func copyNeeded(value any, whole, components map[string]any) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			copyNeeded(element, whole, components)
		}
	case map[string]any:
		for key, element := range v {
			if name, ok := element.(string); ok && key == "$ref" {
				copyComponent(name, whole, components)
				continue
			}
			copyNeeded(element, whole, components)
		}
	}
}

func copyComponent(ref string, whole, components map[string]any) {
	part := strings.Split(ref, "/") // #, components, kind, name
	kind, name := part[2], part[3]
	if components[kind] == nil {
		components[kind] = map[string]any{}
	}
	kept := components[kind].(map[string]any)
	if kept[name] != nil {
		return
	}
	kept[name] = whole["components"].(map[string]any)[kind].(map[string]any)[name]
	copyNeeded(kept[name], whole, components)
}

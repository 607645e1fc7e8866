// Package examples embeds the workflow that the program prints.
package examples

import _ "embed"

// Sync is the workflow that a newcomer saves.
//
//go:embed sync.yml
var Sync string

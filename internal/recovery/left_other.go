//go:build !unix

package recovery

import "os"

const noFollow = 0

// isOwn relies on the permissions of the user's folder.
func isOwn(os.FileInfo) bool { return true }

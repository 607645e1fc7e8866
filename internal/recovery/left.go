package recovery

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strava-token/internal/sealed"
)

// left is the name of a file with a text that could not be printed. The star is when
// that was, in nanoseconds, so that names are in the order of time, and a random number.
const left = "strava-token-recovery-*.txt"

// Leave writes a text that can't be printed into a new file, in the first of folders
// where that works and that isn't in a git work tree. It returns the file's name, or "".
func Leave(text string, folders []string) string {
	for _, folder := range folders {
		whole, err := filepath.Abs(folder)
		if err != nil || InGitTree(whole) != "" || os.MkdirAll(folder, 0o700) != nil {
			continue
		}
		f, err := os.CreateTemp(folder, strings.Replace(left, "*", fmt.Sprint(time.Now().UnixNano(), "-*"), 1)) // new, and mode 0600
		if err != nil {
			continue
		}
		_, err = f.WriteString(text)
		if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
			return f.Name()
		}
		_ = os.Remove(f.Name())
	}
	return ""
}

// Left returns the files that Leave wrote into folders, the oldest first.
func Left(folders []string) []string {
	var all []string
	for _, folder := range folders {
		found, _ := filepath.Glob(filepath.Join(folder, left))
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return slices.Compact(all)
}

// ReadLeft returns the texts in a file that Leave wrote, or none if it's somebody else's.
func ReadLeft(path string) []string {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || !isOwn(info) {
		return nil
	}
	texts, _ := Find(io.LimitReader(f, 4*sealed.MaxText))
	return texts
}

// InGitTree returns the git work tree that an absolute path is in, or "".
func InGitTree(path string) string {
	if _, err := os.Lstat(filepath.Join(path, ".git")); err == nil {
		return path
	}
	if parent := filepath.Dir(path); parent != path {
		return InGitTree(parent)
	}
	return ""
}

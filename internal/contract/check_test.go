// Package contract holds what the client asks of GitHub, and what the sandbox
// answers in its place, against the description of the API that GitHub publishes.
// It is a module of its own, so that the validator stays out of the program's.
package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// exchange is one call, as internal/cli records it of the sandbox.
type exchange struct {
	Method, Address, RequestType, RequestBody string
	Status                                    int // 0: the answer was a fault
	Type, Body                                string
}

// checker knows the description.
type checker struct {
	router routers.Router
	common *openapi3.Schema
}

// newChecker reads the description, as reduce.jq leaves it.
func newChecker(file string) (*checker, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc) // the other router wants all of it to be valid
	return &checker{router, doc.Components.Schemas["basic-error"].Value}, err
}

// check returns what the description does not have in a call.
func (c *checker) check(e exchange) []string {
	// The router knows no slash in {path}.
	address := e.Address
	if before, path, ok := strings.Cut(address, "/contents/"); ok {
		path, query, _ := strings.Cut(path, "?")
		address = before + "/contents/" + strings.ReplaceAll(path, "/", "%2F") + "?" + query
	}
	r := httptest.NewRequest(e.Method, address, strings.NewReader(e.RequestBody))
	r.Header.Set("Content-Type", e.RequestType)
	route, parameters, err := c.router.FindRoute(r)
	if err != nil {
		first, _, _ := strings.Cut(e.Address[1:], "/")
		return []string{e.Method + " /" + first + "/…: no such address"}
	}
	var found []string
	say := func(format string, values ...any) {
		found = append(found, route.Method+" "+route.Path+": "+fmt.Sprintf(format, values...))
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		say("the request: %s", reason(err))
	}
	if e.Status == 0 {
		return found
	}
	if route.Operation.Responses.Status(e.Status) == nil {
		say("%d is not described", e.Status)
		if err := c.isCommonError(e); err != nil || e.Status < 400 {
			say("%d is no common error: %s", e.Status, reason(err))
		}
		return found
	}
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.Status, Header: http.Header{"Content-Type": {e.Type}},
		Body: io.NopCloser(strings.NewReader(e.Body)), Options: options,
	}
	if err := openapi3filter.ValidateResponse(context.Background(), output); err != nil {
		say("the answer %d: %s", e.Status, reason(err))
	}
	return found
}

func (c *checker) isCommonError(e exchange) error {
	var body any
	if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
		return err
	}
	return c.common.VisitJSON(body)
}

// reason is the short form of a validator's error: where, and what is wrong.
func reason(err error) string {
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		return "/" + strings.Join(schema.JSONPointer(), "/") + " " + schema.Reason
	}
	if err == nil {
		return ""
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

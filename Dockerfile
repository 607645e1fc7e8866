# A release does not use this file: .ci/release/build makes its image, with pinned
# parts. Here the newest patch of Go is wanted.
FROM golang:1.26 AS build
WORKDIR /src
# Modules first: a change in the code does not download them again.
COPY go.mod go.sum ./
RUN go mod download
# All that .dockerignore lets in.
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X strava-token/internal/cli.version=${VERSION}" -o /strava-token .

# No USER: the files that the runner mounts belong to root. No WORKDIR: the
# runner sets its own.
FROM scratch
# Not in /etc/ssl/certs, where Go would find and read the file twice.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem
COPY --from=build /strava-token /strava-token
ENTRYPOINT ["/strava-token"]

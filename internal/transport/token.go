package transport

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"candor/internal/record"
)

// TokenLife is how long a person has to carry a token to the sensor.
const TokenLife = 15 * time.Minute

// tokenMark begins every token, so that scanners of logs and repositories find a lost one.
const tokenMark = "candor_enroll_"

const (
	tokenSecret = 16 // bytes
	maxTokenLen = 2048
)

// Invitation is what a token carries to the sensor.
type Invitation struct {
	Hub    string `json:"hub"`    // https URL of the sensors' listener
	Pin    string `json:"pin"`    // of the hub's CA
	Secret string `json:"secret"` // 128 bits in hex; the hub keeps its hash only
}

// Token is what the hub keeps of one.
type Token struct {
	Hash    string        `json:"-"` // hex SHA-256 of the secret
	Tenant  record.Tenant `json:"tenant"`
	Sensor  record.Sensor `json:"sensor"`
	Made    time.Time     `json:"made"`
	Expires time.Time     `json:"expires"`
	By      string        `json:"by"`
}

// String is the token as a person carries it.
func (i Invitation) String() string {
	data, err := json.Marshal(i)
	if err != nil {
		return "" // three strings always marshal
	}
	return tokenMark + base64.RawURLEncoding.EncodeToString(data)
}

// ReadToken takes a token apart.
func ReadToken(text string) (Invitation, error) {
	text = strings.TrimSpace(text)
	body, ok := strings.CutPrefix(text, tokenMark)
	if !ok || len(text) > maxTokenLen {
		return Invitation{}, fmt.Errorf("this is no enrolment token: it begins with %s and is made at the hub", tokenMark)
	}
	data, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return Invitation{}, errors.New("the enrolment token is not whole: copy all of it")
	}
	var i Invitation
	if err := json.Unmarshal(data, &i); err != nil {
		return Invitation{}, errors.New("the enrolment token is not whole: copy all of it")
	}
	if !isHex(i.Pin, sha256.Size) || !isHex(i.Secret, tokenSecret) {
		return Invitation{}, errors.New("the enrolment token lacks the hub's pin or its secret: make another one at the hub")
	}
	if err := checkHub(i.Hub); err != nil {
		return Invitation{}, err
	}
	return i, nil
}

func checkHub(hub string) error {
	u, err := url.Parse(hub)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("%q is no address of a hub: it reads https://NAME:PORT", hub)
	}
	return nil
}

func isHex(s string, bytes int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == bytes
}

// hashSecret is what is kept of a secret. 128 random bits need no slow hash.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte("candor enrolment token " + secret))
	return hex.EncodeToString(sum[:])
}

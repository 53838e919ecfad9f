package transport

import "crypto/ed25519"

// OpenKey reads a private key from a file of mode 0600, or makes it where there is none: the hub's own, which signs what it compacts.
func OpenKey(path string) (ed25519.PrivateKey, error) {
	key, _, err := loadKey(path)
	return key, err
}

package labnet

import "fmt"

// agreementText is an agreement as YAML.
type agreementText = string

// Agreement gives the agreement this site and its provider would sign, as YAML.
func (s *Site) Agreement() []byte { return []byte(s.write(s)) }

// floorText gives the promised volume, scaled like the traffic.
func (s *Site) floorText() string { return fmt.Sprintf("%.2f", s.floor*s.volume) }

func bankAgreement(s *Site) agreementText {
	return `apiVersion: candor.dev/v1alpha1
kind: Agreement
metadata: {id: mvb-2027, title: "Managed network security monitoring, Maple Valley Bank", revision: 3, language: en}
parties:
  customer: {id: mvb, name: Maple Valley Bank, key: ""}
  provider: {id: nwsec, name: Northwall Security, key: ""}
contacts:
  - {who: customer, role: on_call, name: Network on-call, via: [portal, phone, email], after: 0m}
  - {who: customer, role: ciso, name: R. Alvarez, via: [phone, email], after: 15m}
  - {who: provider, role: soc_desk, name: SOC desk, via: [portal, phone], after: 0m}
term:
  start: 2024-02-01
  end: 2027-01-31
  renewal: {kind: auto, period: P12M, notice_deadline: P90D}
  anniversary: "02-01"
  time_zone: America/Chicago
calendar: {workdays: [mon, tue, wed, thu, fri], hours: "08:00-18:00", holidays: [2026-11-26, 2026-12-25]}
scope:
  segments:
    - {id: branch-users, kind: clients, networks: ["10.10.0.0/22"], vlans: [110, 111], expected: {hosts: 250, min_seen_7d: 0.90, active_workday: 0.70}}
    - {id: dc-servers, kind: servers, networks: ["10.20.0.0/23"], vlans: [200, 201], expected: {hosts: 125, min_seen_24h: 0.95}}
    - {id: atm, kind: special, networks: ["10.30.0.0/24"], vlans: [300], excluded: true, reason: "ATM processor watches these (msa 4.2)"}
  own_public: ["203.0.113.16/28"]
  public_hosts: ["203.0.113.20"]
  resolvers: ["10.20.0.53", "10.20.0.54"]
  critical:
    - {id: core-db, address: 10.20.0.31, max_unseen: 1h}
    - {id: wire-gw, address: 10.20.1.12, max_unseen: 1h}
    - {id: dc1, address: 10.20.0.53, max_unseen: 15m}
  directions: [client-internet, server-internet, client-server, server-server]
  volume: {floor_gb_per_workday: ` + s.floorText() + `}
data:
  - {id: packets, kind: packets, segments: [branch-users, dc-servers], both_directions: 0.95, loss_max: 0.01, snaplen: full, retain: P3D}
  - {id: dns, kind: dns, view: client_to_resolver, segments: [branch-users, dc-servers], expect: {per: active_client_hour, rate: 20}, retain: P180D}
  - {id: dhcp, kind: dhcp, segments: [branch-users], expect: {per: host_day, rate: 1}, retain: P180D}
  - {id: auth, kind: log, source: "Windows security, dc1 dc2", match: {from: [10.20.0.53, 10.20.0.54], format: windows_json}, fields: [time, user, src, host, result], expect: {per: hour, rate: 500}, max_silence: 15m, retain: P365D}
  - {id: fw, kind: log, source: "perimeter firewall pair", match: {from: [10.20.0.2, 10.20.0.3], format: cef}, fields: [time, src, dst, nat_src, action], expect: {per: minute, rate: 100}, max_silence: 5m, retain: P180D}
  - {id: vpn, kind: log, source: "VPN gateway", match: {app: [charon, openvpn]}, fields: [time, user, src, assigned], expect: {per: workday, rate: 50}, max_silence: P1D, retain: P180D}
  - {id: delay, kind: quality, p95_event_to_searchable: 60s, clock_skew_max: 2s}
sensors:
  - id: hq-core
    owner: {place: provider, install: customer, verify: provider}
    vantage: {side: inside, method: span, device: core-sw1, sources: [vlan110, vlan111, vlan200, vlan201], direction: both, before_nat: true, accepts: []}
    covers: [branch-users, dc-servers]
    accepted: {coverage: 0.90, drill: all_segments, signed_by: [customer, provider]}
    buffer: 24h
detections:
  required: [beaconing, botnet, dns_tunnel, dga, scanning, long_connections, exfiltration, known_bad, sign_in_attacks]
`
}

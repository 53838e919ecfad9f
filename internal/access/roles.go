package access

import "slices"

// Role is what somebody is to a tenant. The set is closed.
type Role string

// The roles, from DESIGN.md's users: the customer's two, the provider's two, the reviewer, and who runs the hub.
const (
	Viewer  Role = "viewer"  // customer: sees everything of his tenant
	Owner   Role = "owner"   // customer: also agreement, people, exports
	Analyst Role = "analyst" // provider: sees, and works on what is found
	Lead    Role = "lead"    // provider: also sensors, agreement, people
	Auditor Role = "auditor" // reviewer: sees everything, who looked included, and changes nothing
	Admin   Role = "admin"   // runs the hub: tenants, sensors, people
)

// Roles lists the roles.
func Roles() []Role { return []Role{Viewer, Owner, Analyst, Lead, Auditor, Admin} }

// Action is one thing that can be done to a tenant's things. The set is closed.
type Action string

// The actions. Each begins with what a token's scope must allow: read, write or admin.
const (
	ReadResults     Action = "read:results" // verdicts, answers, sight
	ReadRecords     Action = "read:records"
	ReadSensors     Action = "read:sensors"
	ReadAgreement   Action = "read:agreement"
	ReadAudit       Action = "read:audit"
	Export          Action = "read:export"
	Acknowledge     Action = "write:acknowledge" // defects and findings, safelist entries
	WriteAgreement  Action = "write:agreement"
	ManageSensors   Action = "admin:sensors"
	ManagePeople    Action = "admin:people"
	ManageTenants   Action = "admin:tenants"
	ManageRetention Action = "admin:retention"
)

// Actions lists the actions.
func Actions() []Action {
	return []Action{
		ReadResults, ReadRecords, ReadSensors, ReadAgreement, ReadAudit, Export, Acknowledge, WriteAgreement,
		ManageSensors, ManagePeople, ManageTenants, ManageRetention,
	}
}

// may is what each role may do. The customer sees what analysts do: reading is the same for all but the audit.
func (r Role) may() []Action {
	read := []Action{ReadResults, ReadRecords, ReadSensors, ReadAgreement}
	switch r {
	case Viewer:
		return read
	case Owner:
		return append(read, ReadAudit, Export, Acknowledge, WriteAgreement, ManagePeople)
	case Analyst:
		return append(read, Acknowledge)
	case Lead:
		return append(read, ReadAudit, Export, Acknowledge, WriteAgreement, ManageSensors, ManagePeople)
	case Auditor:
		return append(read, ReadAudit, Export)
	case Admin:
		return Actions()
	}
	return nil
}

// May reports whether the role allows the action; an unknown role allows nothing.
func (r Role) May(a Action) bool { return slices.Contains(r.may(), a) }

// Known reports whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

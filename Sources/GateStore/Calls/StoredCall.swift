package import GateCore

/// An asynchronous call as a store keeps it: what is looked up and sorted by as values, the rest as bytes whose form only the
/// owner of the calls knows.
package struct StoredCall: Sendable, Equatable {
    /// A key under which its submitter can submit it again without a second execution.
    package struct Key: Sendable, Hashable {
        /// Unique among the keys of one owner.
        package let text: String
        /// Of what was submitted: the same key with another one is a mistake.
        package let digest: [UInt8]

        package init(text: String, digest: [UInt8]) {
            self.text = text
            self.digest = digest
        }
    }

    package let id: AsyncCallID
    /// Rises from call to call: the order in which they were accepted.
    package let sequence: UInt64
    /// For everybody else it does not exist.
    package let owner: InstanceOwner
    package let agent: String
    package let server: String
    package let tool: String
    package let key: Key?
    /// Who is told of the end: a URL.
    package let callback: String?
    /// What it takes to carry the call out. Empty in lists and once the call has ended.
    package var request: [UInt8]
    package var status: AsyncCallStatus
    /// Whether it may be carried out again although it was sent: known from the moment it is sent.
    package var isRepeatable: Bool
    /// Rises with every change.
    package var revision: UInt64
    /// Milliseconds since 1970.
    package let createdAt: Int
    package var updatedAt: Int
    /// From then on it is not kept any more; before the end, the latest that this can be.
    package var expiresAt: Int
    /// Set once it has ended; nil in lists.
    package var outcome: [UInt8]?

    package init(
        id: AsyncCallID, sequence: UInt64, owner: InstanceOwner, agent: String, server: String, tool: String,
        key: Key? = nil, callback: String? = nil, request: [UInt8] = [], status: AsyncCallStatus = .queued,
        isRepeatable: Bool = false, revision: UInt64 = 0, createdAt: Int, updatedAt: Int, expiresAt: Int,
        outcome: [UInt8]? = nil
    ) {
        self.id = id
        self.sequence = sequence
        self.owner = owner
        self.agent = agent
        self.server = server
        self.tool = tool
        self.key = key
        self.callback = callback
        self.request = request
        self.status = status
        self.isRepeatable = isRepeatable
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.expiresAt = expiresAt
        self.outcome = outcome
    }
}

/// Which calls a list shows.
package struct CallQuery: Sendable {
    package enum Order: Sendable {
        /// Calls behind ``past``, oldest first.
        case oldestFirst
        /// Calls before ``past``, newest first.
        case newestFirst
    }

    /// Whose: the caller may be known by several names.
    package var owners: [InstanceOwner]
    package var order: Order
    /// Where the list goes on: the sequence number of the last call that was seen; nil begins at the end of the order.
    package var past: UInt64?
    /// Empty for all.
    package var statuses: Set<AsyncCallStatus>
    package var server: String?
    package var limit: Int

    package init(
        owners: [InstanceOwner], order: Order, past: UInt64? = nil, statuses: Set<AsyncCallStatus> = [],
        server: String? = nil, limit: Int
    ) {
        self.owners = owners
        self.order = order
        self.past = past
        self.statuses = statuses
        self.server = server
        self.limit = limit
    }
}

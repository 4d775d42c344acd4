import GateCore
import GateStore
import GateTestKit

/// What the contract is checked against.
enum StoreKind: String, CaseIterable, Sendable {
    case memory, sqlite

    func with(maxBytes: Int = .max, _ body: (any CallStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(MemoryCallStore(maxBytes: maxBytes))
        case .sqlite:
            let directory = try TemporaryDirectory()
            let store = try SQLiteCallStore(path: directory.file("calls.db"), maxBytes: maxBytes) { _ in }
            try await body(store)
            await store.close()
            withExtendedLifetime(directory) {}
        }
    }
}

extension StoredCall {
    static func made(
        _ sequence: UInt64, owner: String = "one", server: String = "s", key: String? = nil, callback: String? = nil,
        request: String = "{}", expiresAt: Int = 1_000_000
    ) -> StoredCall {
        var random = SystemRandomNumberGenerator()
        return StoredCall(
            id: AsyncCallID(using: &random), sequence: sequence, owner: .agent(ExactText(owner)), agent: owner,
            server: server, tool: "t", key: key.map { StoredCall.Key(text: $0, digest: [1, 2, 3]) },
            callback: callback, request: Array(request.utf8), createdAt: 1_000, updatedAt: 1_000,
            expiresAt: expiresAt)
    }

    func changed(
        _ status: AsyncCallStatus, revision: UInt64, outcome: [UInt8]? = nil, expiresAt: Int? = nil,
        isRepeatable: Bool = false
    ) -> StoredCall {
        var call = self
        call.status = status
        call.revision = revision
        call.updatedAt = createdAt + Int(revision)
        call.outcome = outcome
        call.isRepeatable = isRepeatable
        if let expiresAt { call.expiresAt = expiresAt }
        return call
    }

    func without(request: Bool = false, outcome: Bool = false) -> StoredCall {
        var call = self
        if request { call.request = [] }
        if outcome { call.outcome = nil }
        return call
    }
}

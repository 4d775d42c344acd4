import GRDB
import GateCore

extension StoredCall {
    /// - Parameter row: of `calls`; lists leave `request` and `outcome` out.
    /// - Throws: for a row that this version did not write.
    init(_ row: Row) throws {
        guard let id = AsyncCallID(row["id"] as String? ?? ""),
            let owner = InstanceOwner(storedText: StoredCall.text(row, "owner")),
            let status = AsyncCallStatus(rawValue: row["status"] as String? ?? "")
        else { throw StoreFailure.failed("a call that is kept cannot be read") }
        let key = (row["key"] as Blob?).map { Key(text: $0.text, digest: StoredCall.bytes(row, "key_digest") ?? []) }
        self.init(
            id: id, sequence: UInt64(bitPattern: row["sequence"] as Int64? ?? 0), owner: owner,
            agent: StoredCall.text(row, "agent"), server: StoredCall.text(row, "server"),
            tool: StoredCall.text(row, "tool"), key: key, callback: row["callback"] as String?,
            request: StoredCall.bytes(row, "request") ?? [], status: status,
            isRepeatable: row["repeatable"] as Bool? ?? false,
            revision: UInt64(bitPattern: row["revision"] as Int64? ?? 0), createdAt: row["created_at"] as Int? ?? 0,
            updatedAt: row["updated_at"] as Int? ?? 0, expiresAt: row["expires_at"] as Int? ?? 0,
            outcome: StoredCall.bytes(row, "outcome"))
    }

    private static func text(_ row: Row, _ column: String) -> String { (row[column] as Blob?)?.text ?? "" }

    private static func bytes(_ row: Row, _ column: String) -> [UInt8]? {
        row.hasColumn(column) ? (row[column] as Blob?)?.bytes : nil
    }
}

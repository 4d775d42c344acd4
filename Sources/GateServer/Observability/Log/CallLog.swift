import GateCore
import GateProtocol
import GateStore
import NIOCore

/// The call log as the routes read it: all that was recorded before is in it.
package struct CallLog: Sendable {
    let recorder: CallRecorder
    let store: any CallLogStore

    /// - Returns: the lines as JSON objects, and where the next page begins.
    func page(_ query: LogQuery) async throws(GateError) -> (
        lines: [ByteBuffer], first: Int64?, last: Int64?, next: Int64?
    ) {
        await recorder.flush()
        do throws(StoreFailure) {
            let page = try await store.query(query)
            return (page.rows.map(CallLog.line), page.rows.first?.sequence, page.rows.last?.sequence, page.next)
        } catch {
            throw CallLog.unreadable(error)
        }
    }

    /// - Returns: the newest line of a call; nil when there is none (any more).
    func find(_ correlationID: String) async throws(GateError) -> ByteBuffer? {
        await recorder.flush()
        do throws(StoreFailure) {
            return try await store.find(correlationID: correlationID).map(CallLog.line)
        } catch {
            throw CallLog.unreadable(error)
        }
    }

    private static func line(_ row: LogRow) -> ByteBuffer {
        var out = ByteBuffer(string: "{\"sequence\":\(row.sequence),\"time\":\"\(WallClock.text(row.time))\",")
        out.writeBytes(row.record)
        out.writeStaticString("}")
        return out
    }

    private static func unreadable(_ failure: StoreFailure) -> GateError {
        GateError(.storageFailed, "The call log cannot be read: \(failure.reason).", retryAfter: 5)
    }
}

import GateStore
import Logging
import NIOPosix

@testable import GateServer

extension CallLog {
    /// A log that nobody writes to.
    static func empty() -> CallLog {
        let store = MemoryCallLogStore()
        let key = KeyedHash(key: [UInt8](repeating: 1, count: 32))
        guard let key else { preconditionFailure("32 bytes are a key") }
        let recorder = CallRecorder(
            store: store, digest: ArgumentDigest(key: key), loop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test"))
        recorder.stop()
        Task { await recorder.run() }
        return CallLog(recorder: recorder, store: store)
    }
}

import GateConfig
import GateStore
import Logging
import NIOCore

extension CallRecorder {
    /// - Throws: when the key of the digests cannot be made.
    convenience init(
        _ config: GatewayConfig.Log, _ directory: StateDirectory, _ store: any CallLogStore, loop: any EventLoop,
        _ logger: Logger
    ) throws {
        guard let key = KeyedHash(key: try directory.secret("log.key", bytes: KeyedHash.keyBytes)) else {
            throw StateDirectoryError(description: "the key of the call log cannot be used", isBusy: false)
        }
        var options = Options()
        options.writesLog = config.enabled
        options.retention = config.retention
        options.maxBytes = config.maxBytes
        self.init(
            store: store,
            digest: ArgumentDigest(key: key, isFull: config.fullArguments, redacted: Set(config.redact)),
            options: options, loop: loop, logger: logger)
    }
}

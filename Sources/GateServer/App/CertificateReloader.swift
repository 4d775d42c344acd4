import Dispatch
import GateCore
import GateTLS
import Logging
import NIOCore

/// Takes over a certificate that was renewed, without a restart: when one of its files changes, and when the operator asks for a reload.
/// Connections that are open keep the one they began with.
final class CertificateReloader: Sendable {
    /// A certificate that ends this soon is worth a warning.
    private static let shortly = 14 * 86_400

    private let source: TLSSource
    private let watchers: [ConfigWatcher]
    private let logger: Logger
    /// Files block. One look after the other.
    private let queue: DispatchQueue

    init(_ source: TLSSource, loop: any EventLoop, logger: Logger) {
        self.source = source
        self.logger = logger
        let queue = DispatchQueue(label: "stonegate.certificates")
        self.queue = queue
        let files = source.files
        watchers = [files.certificate, files.key, files.clientAuthorities].compactMap { path in
            path.map {
                ConfigWatcher(path: $0, loop: loop, logger: logger) {
                    queue.async { CertificateReloader.reload(source, logger) }
                }
            }
        }
    }

    func start() {
        CertificateReloader.warn(source.current.certificate, logger)
        for watcher in watchers { watcher.start() }
    }

    func stop() { for watcher in watchers { watcher.stop() } }

    /// Reads the files again.
    func look() {
        queue.async { [source, logger] in CertificateReloader.reload(source, logger) }
    }

    private static func reload(_ source: TLSSource, _ logger: Logger) {
        do throws(TLSProblem) {
            guard try source.reload() else { return }
            logger.notice("new connections get the renewed certificate in \(source.files.certificate)")
            warn(source.current.certificate, logger)
        } catch {
            logger.error("the certificate stays as it was: tls.\(error.key): \(error)")
        }
    }

    private static func warn(_ certificate: CertificateFacts, _ logger: Logger) {
        guard let end = certificate.end else { return }
        let left = end - WallClock.milliseconds() / 1_000
        if left <= 0 {
            logger.error("the certificate of the listener has ended: clients refuse it")
        } else if left < shortly {
            logger.warning("the certificate of the listener ends in \(left / 86_400) days")
        }
    }
}

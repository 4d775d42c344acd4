import CCurl

/// One libcurl easy handle, used for one transfer after the other. Agent thread only.
final class EasyHandle {
    let curl: UnsafeMutableRawPointer
    let limits: CurlHeaderLimits
    let sockets: SocketHost

    /// The running transfer.
    var exchange: Exchange?

    /// What the handle is set to, so that only differences are set again.
    var settings = Settings()
    var headerList: UnsafeMutablePointer<curl_slist>?
    var lineBuffer: [CChar] = []
    private let errorText: UnsafeMutablePointer<CChar>

    init?(options: CurlAgentOptions, sockets: SocketHost) {
        guard let curl = curl_easy_init() else { return nil }
        self.curl = curl
        self.limits = options.headerLimits
        self.sockets = sockets
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard prepare(options) else { return nil }
    }

    deinit {
        curl_easy_cleanup(curl)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// The handle of a libcurl callback or message.
    static func of(_ pointer: UnsafeMutableRawPointer?) -> EasyHandle? {
        pointer.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Ends the exchange. The handle must be out of the multi handle.
    func end(_ code: CURLcode) {
        guard let exchange = detach() else { return }
        guard code != CURLE_OK else { return exchange.sink.finished(exchange.result(nil)) }
        let detail = String(cString: errorText)
        let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        exchange.sink.finished(exchange.result(.init(kind: CurlError.Kind(code), text: text)))
    }

    /// Ends the exchange for a reason of this side.
    func abort(_ kind: CurlError.Kind, _ text: String) {
        guard let exchange = detach() else { return }
        exchange.sink.finished(exchange.aborted(kind, text))
    }

    func clearErrorText() { errorText.pointee = 0 }

    private func detach() -> Exchange? {
        defer { exchange = nil }
        return exchange
    }

    /// Everything that is the same for all requests. Secure defaults are set even where libcurl's own are the same.
    private func prepare(_ options: CurlAgentOptions) -> Bool {
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        let longs: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_NOPROGRESS, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_MAXREDIRS, 0),
            (CURLOPT_NETRC, 0), (CURLOPT_UNRESTRICTED_AUTH, 0), (CURLOPT_HTTP09_ALLOWED, 0),
            (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2),
            (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)), (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            (CURLOPT_TCP_NODELAY, 1), (CURLOPT_TCP_KEEPALIVE, 1), (CURLOPT_BUFFERSIZE, 65536),
            (CURLOPT_MAXAGE_CONN, max(1, options.maxIdleAge.wholeSeconds)),
            (CURLOPT_MAXLIFETIME_CONN, max(1, options.maxConnectionAge.wholeSeconds)),
        ]
        let strings: [(CURLoption, String)] = [
            (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_REDIR_PROTOCOLS_STR, "http,https"), (CURLOPT_PROXY, ""),
        ]
        let pointers: [(CURLoption, UnsafeMutableRawPointer)] = [
            (CURLOPT_PRIVATE, pointer), (CURLOPT_WRITEDATA, pointer), (CURLOPT_HEADERDATA, pointer),
            (CURLOPT_READDATA, pointer), (CURLOPT_OPENSOCKETDATA, pointer), (CURLOPT_PREREQDATA, pointer),
            // Called for connections that outlive this handle.
            (CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(sockets).toOpaque()),
            (CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText)),
        ]
        return longs.allSatisfy { ccurl_set_long(curl, $0.0, $0.1) == CURLE_OK }
            && strings.allSatisfy { ccurl_set_string(curl, $0.0, $0.1) == CURLE_OK }
            && pointers.allSatisfy { ccurl_set_pointer(curl, $0.0, $0.1) == CURLE_OK }
            && setCallbacks()
    }
}

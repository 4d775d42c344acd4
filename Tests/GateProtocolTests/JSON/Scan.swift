import GateProtocol

/// The scanner's verdict on a text: nil when it is accepted.
func fault(_ bytes: [UInt8], limits: JSONLimits = .standard) -> JSONFault? {
    bytes.withUnsafeBytes { text in
        do throws(JSONFault) {
            try JSONScanner.validate(text, limits: limits)
            return nil
        } catch {
            return error
        }
    }
}

func fault(_ text: String, limits: JSONLimits = .standard) -> JSONFault? {
    fault(Array(text.utf8), limits: limits)
}

/// A readable form of bytes that may not be UTF-8, for messages of failed expectations.
func shown(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { 0x20..<0x7F ~= $0 ? String(UnicodeScalar($0)) : "<\(String($0, radix: 16))>" }.joined()
}

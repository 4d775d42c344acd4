import NIOHPACK
import NIOHTTP1

/// Writes response heads as HTTP/2 has them.
enum HTTP2ResponseHead {
    /// - Parameter length: of the body; nil where there is none, or where it is not known.
    /// - Returns: nil when a field has bytes that are not allowed.
    static func fields(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, length: Int?, date: String
    ) -> HPACKHeaders? {
        var fields = HPACKHeaders()
        fields.reserveCapacity(headers.count + 3)
        fields.add(name: ":status", value: String(status.code))
        fields.add(name: "date", value: date)
        if let length { fields.add(name: "content-length", value: String(length)) }
        for (name, value) in headers where !ResponseHeadEncoder.isOwn(name) {
            guard ResponseHeadEncoder.isFieldName(name), ResponseHeadEncoder.isFieldValue(value) else { return nil }
            fields.add(name: name.lowercased(), value: value)
        }
        return fields
    }

    static func mayHaveBody(_ status: HTTPResponseStatus) -> Bool { status != .noContent && status != .notModified }
}

/// Why a connection was cut, for the log.
package struct TLSConnectionError: Error, CustomStringConvertible {
    package let description: String
}

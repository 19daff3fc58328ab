// SPDX-License-Identifier: Apache-2.0
#include "net/openssl.hpp"

#include <dlfcn.h>

namespace cp::net {
namespace {

/// Looks functions up in one library, and remembers whether all were there.
class SslSymbols {
 public:
  explicit SslSymbols(void* handle) : handle_(handle) {}

  template <class Function>
  SslSymbols& take(const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    is_whole_ = is_whole_ && function != nullptr;
    return *this;
  }
  bool is_whole() const { return is_whole_; }

 private:
  void* handle_;
  bool is_whole_ = true;
};

void take_context(SslSymbols& symbols, OpenSsl& library) {
  symbols.take("TLS_client_method", library.client_method)
      .take("TLS_server_method", library.server_method)
      .take("SSL_CTX_new", library.context_new)
      .take("SSL_CTX_free", library.context_free)
      .take("SSL_CTX_ctrl", library.context_ctrl)
      .take("SSL_CTX_set_num_tickets", library.set_num_tickets)
      .take("SSL_CTX_use_certificate", library.use_certificate)
      .take("SSL_CTX_use_PrivateKey", library.use_private_key)
      .take("SSL_CTX_check_private_key", library.check_private_key)
      .take("SSL_CTX_load_verify_file", library.load_verify_file)
      .take("SSL_CTX_set_default_verify_paths", library.set_default_verify_paths)
      .take("SSL_CTX_set_verify", library.set_verify)
      .take("SSL_CTX_set_alpn_protos", library.set_alpn_protos)
      .take("SSL_CTX_set_alpn_select_cb", library.set_alpn_select);
}

void take_connection(SslSymbols& symbols, OpenSsl& library) {
  symbols.take("SSL_get0_alpn_selected", library.alpn_selected)
      .take("SSL_new", library.ssl_new)
      .take("SSL_free", library.ssl_free)
      .take("SSL_set_bio", library.set_bio)
      .take("SSL_ctrl", library.ssl_ctrl)
      .take("SSL_set1_host", library.set_host)
      .take("SSL_get0_param", library.param)
      .take("X509_VERIFY_PARAM_set1_ip_asc", library.param_set_ip)
      .take("SSL_set_connect_state", library.set_connect_state)
      .take("SSL_set_accept_state", library.set_accept_state)
      .take("SSL_do_handshake", library.do_handshake)
      .take("SSL_get_error", library.get_error)
      .take("SSL_read", library.read)
      .take("SSL_write", library.write)
      .take("SSL_shutdown", library.shutdown)
      .take("SSL_export_keying_material", library.export_keying_material);
}

void take_certificates(SslSymbols& symbols, OpenSsl& library) {
  symbols.take("SSL_get1_peer_certificate", library.peer_certificate)
      .take("SSL_get_verify_result", library.verify_result)
      .take("X509_verify_cert_error_string", library.verify_error_string)
      .take("X509_get_X509_PUBKEY", library.certificate_key)
      .take("i2d_X509_PUBKEY", library.key_to_der)
      .take("X509_free", library.certificate_free)
      .take("EVP_PKEY_free", library.key_free)
      .take("EVP_Digest", library.digest)
      .take("EVP_sha256", library.sha256)
      .take("CRYPTO_free", library.crypto_free)
      .take("BIO_new", library.bio_new)
      .take("BIO_s_mem", library.bio_memory)
      .take("BIO_new_mem_buf", library.bio_new_over)
      .take("BIO_free", library.bio_free)
      .take("BIO_read", library.bio_read)
      .take("BIO_write", library.bio_write)
      .take("PEM_read_bio_X509", library.read_certificate)
      .take("PEM_read_bio_PrivateKey", library.read_key)
      .take("ERR_clear_error", library.clear_errors)
      .take("ERR_peek_last_error", library.last_error)
      .take("ERR_reason_error_string", library.reason_of);
}

}  // namespace

Result<std::shared_ptr<const OpenSsl>> OpenSsl::load() {
  void* handle = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return with_hint(fail(Errc::unavailable, "OpenSSL cannot be used here"), "install libssl3");
  }
  const auto library = std::make_shared<OpenSsl>();
  SslSymbols symbols(handle);
  take_context(symbols, *library);
  take_connection(symbols, *library);
  take_certificates(symbols, *library);
  ::dlclose(handle);
  if (!symbols.is_whole()) {
    return fail(Errc::unavailable, "the OpenSSL here is too old: 3.0 is wanted");
  }
  return library;
}

}  // namespace cp::net

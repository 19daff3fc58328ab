// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace cp::net {

/// The functions of libssl, and those of libcrypto beside them, that TLS needs, by their names in
/// OpenSSL's headers. Opened at the first connection: linked, it would start with every run of a
/// tool that can serve. Stays loaded until the process ends. For lib/net/tls.cpp alone.
struct OpenSsl {
  /// unavailable where libssl.so.3 is not installed.
  static Result<std::shared_ptr<const OpenSsl>> load();

  decltype(&TLS_client_method) client_method = nullptr;
  decltype(&TLS_server_method) server_method = nullptr;
  decltype(&SSL_CTX_new) context_new = nullptr;
  decltype(&SSL_CTX_free) context_free = nullptr;
  decltype(&SSL_CTX_ctrl) context_ctrl = nullptr;
  decltype(&SSL_CTX_set_num_tickets) set_num_tickets = nullptr;
  decltype(&SSL_CTX_use_certificate) use_certificate = nullptr;
  decltype(&SSL_CTX_use_PrivateKey) use_private_key = nullptr;
  decltype(&SSL_CTX_check_private_key) check_private_key = nullptr;
  decltype(&SSL_CTX_load_verify_file) load_verify_file = nullptr;
  decltype(&SSL_CTX_set_default_verify_paths) set_default_verify_paths = nullptr;
  decltype(&SSL_CTX_set_verify) set_verify = nullptr;
  decltype(&SSL_CTX_set_alpn_protos) set_alpn_protos = nullptr;
  decltype(&SSL_CTX_set_alpn_select_cb) set_alpn_select = nullptr;
  decltype(&SSL_get0_alpn_selected) alpn_selected = nullptr;
  decltype(&SSL_new) ssl_new = nullptr;
  decltype(&SSL_free) ssl_free = nullptr;
  decltype(&SSL_set_bio) set_bio = nullptr;
  decltype(&SSL_ctrl) ssl_ctrl = nullptr;
  decltype(&SSL_set1_host) set_host = nullptr;
  decltype(&SSL_get0_param) param = nullptr;
  decltype(&X509_VERIFY_PARAM_set1_ip_asc) param_set_ip = nullptr;
  decltype(&SSL_set_connect_state) set_connect_state = nullptr;
  decltype(&SSL_set_accept_state) set_accept_state = nullptr;
  decltype(&SSL_do_handshake) do_handshake = nullptr;
  decltype(&SSL_get_error) get_error = nullptr;
  decltype(&SSL_read) read = nullptr;
  decltype(&SSL_write) write = nullptr;
  decltype(&SSL_shutdown) shutdown = nullptr;
  decltype(&SSL_export_keying_material) export_keying_material = nullptr;
  decltype(&SSL_get1_peer_certificate) peer_certificate = nullptr;
  decltype(&SSL_get_verify_result) verify_result = nullptr;
  decltype(&X509_verify_cert_error_string) verify_error_string = nullptr;
  decltype(&X509_get_X509_PUBKEY) certificate_key = nullptr;
  decltype(&i2d_X509_PUBKEY) key_to_der = nullptr;
  decltype(&X509_free) certificate_free = nullptr;
  decltype(&EVP_PKEY_free) key_free = nullptr;
  decltype(&EVP_Digest) digest = nullptr;
  decltype(&EVP_sha256) sha256 = nullptr;
  decltype(&CRYPTO_free) crypto_free = nullptr;
  decltype(&BIO_new) bio_new = nullptr;
  decltype(&BIO_s_mem) bio_memory = nullptr;
  decltype(&BIO_new_mem_buf) bio_new_over = nullptr;
  decltype(&BIO_free) bio_free = nullptr;
  decltype(&BIO_read) bio_read = nullptr;
  decltype(&BIO_write) bio_write = nullptr;
  decltype(&PEM_read_bio_X509) read_certificate = nullptr;
  decltype(&PEM_read_bio_PrivateKey) read_key = nullptr;
  decltype(&ERR_clear_error) clear_errors = nullptr;
  decltype(&ERR_peek_last_error) last_error = nullptr;
  decltype(&ERR_reason_error_string) reason_of = nullptr;
};

}  // namespace cp::net
